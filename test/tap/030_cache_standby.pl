# A hot standby while the primary changes: each statement on the standby gets
# the answers that plain SQL gives under its snapshot, which on a standby is made
# in another way (and always looks overflowed with subtransactions).
use strict;
use warnings;

use PostgreSQL::Test::Utils;
use Test::More;
use CacheWorld;

my ($primary, $standby) = CacheWorld::primary_and_standby("max_prepared_transactions = 20\ndeadlock_timeout = 100ms\nlock_timeout = 10s\nautovacuum = off");

CacheWorld::install($primary, 1);
$primary->wait_for_catchup($standby);

my @runs = (
	[ CacheWorld::start($primary, 10, 3, 'change@6', 'undo@2', 'two_phase@3', 'many@1'), 'changes on the primary' ],
	[ CacheWorld::start($standby, 10, 2, 'read@2', 'read_old@1'), 'questions on the standby' ]);
CacheWorld::ask_in_one_session($standby, 120);
# rebuilt under the readers of both
for my $command ('REINDEX TABLE CONCURRENTLY tj_perm.grants', 'REINDEX INDEX CONCURRENTLY tj_perm.stamps_pkey',
	'VACUUM FULL tj_perm.stamps', 'VACUUM tj_perm.grants', 'CLUSTER tj_perm.grants USING grants_pkey')
{
	# a prepared transaction may stand in the way of those that lock out readers: then not
	my $locks = $command =~ /FULL|CLUSTER/;
	$primary->psql('postgres', ($locks ? "SET lock_timeout = '200ms'; " : '') . $command, on_error_die => !$locks);
}
CacheWorld::finish(@$_) for @runs;
CacheWorld::stop_if_failed();

# triggers off on the primary: the standby follows
$primary->safe_psql('postgres', <<~'SQL');
	DELETE FROM tj_perm.members WHERE user_id = 'u1';
	SELECT tj_perm.add_user('w1', 'u1');
	SELECT tj_perm.grant_access('w1/app:1', 'viewer', to_user => 'u1');
	SQL
$primary->wait_for_catchup($standby);
my $ask = q{SELECT tj_can('u1', 'w1/app:1', 'viewer'), t.ask(1, 0) IS NOT NULL;};
# one connection of the standby, warm from the first question on; the primary changes in between
sub between
{
	my ($sql, $name, $want) = @_;
	my $in = '';
	my ($out, $err) = ('', '');
	local %ENV = $standby->_get_env;
	my $timer = IPC::Run::timeout(60);
	my $session = IPC::Run::start([ 'psql', '-X', '-q', '-At', '-v', 'ON_ERROR_STOP=1', '-d', 'postgres' ], '<', \$in, '>', \$out, '2>', \$err, $timer);
	$in .= "$ask\n$ask\n";
	$session->pump until $out =~ /(\n.*){2}/ || $err;
	$primary->safe_psql('postgres', $sql);
	$primary->wait_for_catchup($standby);
	$in .= "$ask\n\\q\n";
	$session->finish;
	is($out . $err, $want, $name);
	return;
}
between('DELETE FROM tj_perm.grants', 'a revoke reaches a warm session', "t|t\nt|t\nf|t\n");
between(q{INSERT INTO tj_perm.grants (workspace_id, user_id, resource, level) VALUES ('w1', 'u1', 'w1/app:1', 'viewer')}, 'a grant does', "f|t\nf|t\nt|t\n");
between('ALTER TABLE tj_perm.grants DISABLE TRIGGER USER; DELETE FROM tj_perm.grants', 'and a revoke without triggers', "t|t\nt|t\nf|t\n");
between(q{INSERT INTO tj_perm.grants (workspace_id, user_id, resource, level) VALUES ('w1', 'u1', 'w1/app:1', 'viewer');}
	  . ' ALTER TABLE tj_perm.grants ENABLE TRIGGER USER, ENABLE ALWAYS TRIGGER a_dirty, ENABLE ALWAYS TRIGGER a_stamp, ENABLE ALWAYS TRIGGER a_stamp_group, ENABLE ALWAYS TRIGGER a_truncate',
	'and a grant before they are on again', "f|t\nf|t\nt|t\n");

# the standby becomes a primary, and goes on
$primary->stop;
$standby->promote;
$standby->safe_psql('postgres', 'CALL t.change(); SELECT t.ask(1, 0); DELETE FROM tj_perm.grants; SELECT t.ask(1, 0);');
is($standby->safe_psql('postgres', q{SELECT tj_can('u1', 'w1/app:1', 'viewer')}), 'f', 'a promoted standby changes and answers');

done_testing();
