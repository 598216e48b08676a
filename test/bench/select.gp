# test/bench/select.gp: the queries of measure_select, prepared, by each way of
# protecting the table, from select.tsv (query, then a column for each way).
set terminal svg size 900,430 dynamic background rgb 'white' font 'sans,12'
set output 'select.svg'
set title stamp font ',9' noenhanced
set style data histograms
set style histogram clustered gap 2
set style fill solid 1 noborder
set boxwidth 1
set logscale y
set format y '10^{%T}'
set ylabel 'microseconds, prepared'
set grid ytics back lc rgb '#dddddd'
set key below Left reverse samplen 2 maxrows 4 font ',10' noenhanced
set xtics noenhanced nomirror
set yrange [10:*]
set datafile missing '-'
plot 'select.tsv' using 2:xtic(1) title 'no RLS, condition by hand' lc rgb '#1a202c', \
	'' using 3 title 'the same with the workspace' lc rgb '#718096', \
	'' using 4 title 'tj_can policy' lc rgb '#2b6cb0', \
	'' using 5 title '= ANY (ARRAY(SELECT f()))' lc rgb '#2f855a', \
	'' using 6 title 'IN (SELECT f())' lc rgb '#68d391', \
	'' using 7 title 'list in current_setting()' lc rgb '#d69e2e', \
	'' using 8 title 'EXISTS policy' lc rgb '#dd6b20', \
	'' using 9 title 'SQL helper' lc rgb '#c53030', \
	'' using 10 title 'PL/pgSQL helper' lc rgb '#fc8181', \
	'' using 11 title 'C policy that does nothing' lc rgb '#cbd5e0'
