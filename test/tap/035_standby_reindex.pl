# REINDEX CONCURRENTLY on the primary waits for everybody there who may still use
# the old index, but for nobody on a standby: there a transaction can go on with
# an index that the primary no longer puts new rows into.
use strict;
use warnings;

use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(usleep);
use CacheWorld;

my ($primary, $standby) = CacheWorld::primary_and_standby('autovacuum = off');

$primary->safe_psql('postgres', <<~'SQL');
	CREATE EXTENSION tj_perm;
	SELECT tj_perm.create_workspace('w', 'root');
	SELECT tj_perm.add_user('w', 'u' || n) FROM generate_series(1, 9) n;
	SELECT tj_perm.create_group('w', 'g' || n), tj_perm.add_to_group('w', 'g' || n, ARRAY(SELECT 'u' || u FROM generate_series(1, 9) u)) FROM generate_series(1, 9) n;
	SQL
$primary->wait_for_catchup($standby);

my %session;
sub session
{
	my ($node, $name) = @_;
	my $s = { in => '', out => '', timer => IPC::Run::timeout(60) };
	local %ENV = $node->_get_env;
	$s->{handle} = IPC::Run::start([ 'psql', '-X', '-q', '-At', '-d', 'postgres' ], '<', \$s->{in}, '>', \$s->{out}, '2>&1', $s->{timer});
	$session{$name} = $s;
	return;
}
sub say_to { my ($name, $sql) = @_; $session{$name}{in} .= "$sql\n"; $session{$name}{handle}->pump_nb; return; }
sub answer_of
{
	my ($name, $sql) = @_;
	my $s = $session{$name};
	$s->{out} = '';
	$s->{in} .= "$sql\n\\echo done\n";
	$s->{handle}->pump until $s->{out} =~ /^done$/m;
	return $s->{out} =~ s/done\n\z//r;
}
sub wait_until { my ($sql) = @_; $primary->poll_query_until('postgres', $sql) or die "timed out: $sql"; return; }

session($standby, 'reader');
my $ask = q{SELECT string_agg(tj_can('u' || n, ('w/app:' || n)::tj_resource, 'viewer')::text, ' ' ORDER BY n) FROM generate_series(1, 9) n;};
is(answer_of('reader', "BEGIN;\n$ask"), join(' ', ('false') x 9) . "\n", 'a transaction on the standby has used the indexes');

# REINDEX waits, several times, for whoever has the table open at that moment. One writer after the other keeps it
# waiting; meanwhile another grant is made by somebody who knows only the indexes that there are by then.
session($primary, $_) for ('reindex', map { "w$_" } 0 .. 6);
answer_of('w0', q{BEGIN; LOCK TABLE tj_perm.grants IN ROW EXCLUSIVE MODE;});
say_to('reindex', 'REINDEX TABLE CONCURRENTLY tj_perm.grants;');
wait_until(q{SELECT EXISTS (SELECT FROM pg_stat_activity WHERE query LIKE 'REINDEX%' AND wait_event_type = 'Lock')});
my $half_dead = 0;
for my $n (1 .. 6)
{
	answer_of("w$n", 'BEGIN; LOCK TABLE tj_perm.grants IN ROW EXCLUSIVE MODE;');
	answer_of('w' . ($n - 1), 'COMMIT;');
	# it goes on, and waits for the next one
	wait_until(qq{SELECT count(*) = 0 OR bool_or(wait_event_type = 'Lock') FROM pg_stat_activity WHERE query LIKE 'REINDEX%' AND state = 'active'});
	usleep(200_000);
	$half_dead++ if $primary->safe_psql('postgres', q{SELECT count(*) FROM pg_index WHERE indrelid = 'tj_perm.grants'::regclass AND NOT indislive}) > 0;
	$primary->safe_psql('postgres', "SELECT tj_perm.grant_access('w/app:$n', 'viewer', to_user => 'u$n')");
	# when the standby has come to the end of the old indexes it waits for the reader
	usleep(300_000);
	my $visible = $standby->safe_psql('postgres', 'SELECT count(*) FROM tj_perm.grants') . "\n";
	my $yes = () = answer_of('reader', $ask) =~ /true/g;
	is("$yes\n", $visible, "every grant that is visible is answered, $n");
}
answer_of('w6', 'COMMIT;');
answer_of('reader', 'COMMIT;');
is($half_dead > 0, 1, 'among them one that the old indexes do not have');
done_testing();
