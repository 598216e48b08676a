# test/bench/growth.gp: cost against work, one panel for each variable, from
# growth_*.tsv (x, check in a scan in ns, statement, statement of another user,
# first check in us); both axes logarithmic, so that a line's slope is the power
# that the cost grows with.
set terminal svg size 900,620 dynamic background rgb 'white' font 'sans,12'
set output 'growth.svg'
set multiplot layout 2,3 title stamp font ',9' noenhanced
set logscale xy
set format x '10^{%T}'
set ylabel 'microseconds' offset 1,0
set yrange [0.001:10000]
set grid back lc rgb '#dddddd'
set key off
set mxtics 1
set mytics 1
set xtics nomirror
set ytics nomirror
set datafile missing '-'
array file[5] = ['growth_grants.tsv', 'growth_users.tsv', 'growth_held.tsv', 'growth_groups.tsv', 'growth_depth.tsv']
array what[5] = ['grants in all', 'users in all', 'grants of the user', 'groups of the user', 'elements of the path']
do for [i = 1:5] {
	if (i > 3) { set format x '%g' }
	set title what[i]
	# where there are no other users, their line is the one that is drawn over it
	others = i < 3 ? 4 : 3
	plot file[i] using 1:others with linespoints pt 7 ps 0.5 lw 2 lc rgb '#c05621', \
		'' using 1:($2 / 1000) with linespoints pt 7 ps 0.5 lw 2 lc rgb '#2b6cb0', \
		'' using 1:3 with linespoints pt 7 ps 0.5 lw 2 lc rgb '#2f855a', \
		'' using 1:5 with linespoints pt 7 ps 0.5 lw 2 lc rgb '#718096'
}
# the sixth panel is the key
unset logscale
unset grid
unset border
unset tics
unset ylabel
set title ' '
set key at screen 0.99,0.34 right top Left reverse spacing 1.6 samplen 1.5 width -2 nobox font ',10'
set xrange [0:1]
set yrange [0:1]
plot -1 with lines lw 2 lc rgb '#2b6cb0' title 'check for a row of a scan', \
	-1 with lines lw 2 lc rgb '#2f855a' title 'statement, the same user', \
	-1 with lines lw 2 lc rgb '#c05621' title 'statement, another user each time', \
	-1 with lines lw 2 lc rgb '#718096' title 'first check of a connection'
unset multiplot
