# Node.js clients against row level security: node-postgres and an ORM,
# drizzle-orm, for real, in the versions that node/package-lock.json names. npm
# installs them into a directory of this test. Where Node.js, npm or the
# registry is missing the test is left out, unless TJ_NODE=1.
use strict;
use warnings;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use CacheWorld;
use RlsWorld;

sub leave_out
{
	my ($why) = @_;
	plan(skip_all => $why) unless $ENV{TJ_NODE};
	fail($why);
	done_testing();
	exit 1;
}

# ---- the packages ----

my ($version) = (`node --version 2>/dev/null` || '') =~ /^v(\d+)/;
leave_out('Node.js 18 or later is not there') if !$version || $version < 18;
leave_out('npm is not there') if system('npm --version >/dev/null 2>&1');
my $dir = PostgreSQL::Test::Utils::tempdir();
for (glob "$ENV{TESTDIR}/test/tap/node/*")
{
	system('cp', $_, $dir) == 0 or die "could not copy $_";
}
my ($output, $installed) = ('');
eval {
	$installed = IPC::Run::run(
		[ 'npm', 'ci', '--prefix', $dir, '--cache', "$dir/cache", '--ignore-scripts', '--no-audit', '--no-fund', '--no-update-notifier', '--fetch-retries=1', '--fetch-timeout=60000' ],
		'<', \undef, '>&', \$output, IPC::Run::timeout(300));
};
leave_out('npm could not install the packages: ' . (($output =~ /^npm (?:ERR!|error) (.*\S)/m)[0] || $@ || 'no reason given')) unless $installed;

# ---- the server ----

my $node = PostgreSQL::Test::Cluster->new('main');
$node->init;
$node->append_conf('postgresql.conf', "max_prepared_transactions = 20\ndeadlock_timeout = 100ms\nlock_timeout = 10s\njit = off");
$node->start;
RlsWorld::install($node);
$node->safe_psql('postgres', 'CREATE ROLE other_app LOGIN');

# Each script starts from the same permissions, goes through its habits, and ends
# with many users at once, beside writers.
sub run_script
{
	my ($script) = @_;
	$node->safe_psql('postgres', <<~'SQL');
		DELETE FROM tj_perm.grants;
		DELETE FROM tj_perm.members WHERE user_id <> 'root';
		SELECT tj_perm.add_user(w, 'u' || n) FROM unnest('{w1,w2}'::text[]) w, generate_series(1, 4) n;
		SELECT tj_perm.add_to_group('w1', 'g1', '{u2}');
		SELECT tj_perm.grant_access('w1/folder:1', 'editor', to_user => 'u1'), tj_perm.grant_access('w1/app:1', 'viewer', to_user => 'u1'),
			tj_perm.grant_access('w1/app:2', 'viewer', to_group => 'g1');
		TRUNCATE t.served;
		SQL
	my ($out, $err, $in) = ('', '', '');
	my $run = do
	{
		local %ENV = (%ENV, PGHOST => $node->host, PGPORT => $node->port, PGUSER => 'app_server', PGDATABASE => 'postgres');
		IPC::Run::start([ 'node', "$dir/$script.mjs" ], '<', \undef, '>', \$out, '2>', \$err, IPC::Run::timeout(180));
	};
	# the last part, and only that, meets changing permissions
	$run->pump until $out =~ /^# seed/m || !$run->pumpable;
	my $writers = CacheWorld::start($node, 5, 2, 'change@4', 'undo@1', 'two_phase@1');
	my $status = $run->finish;
	my $results = 0;
	for (split /\n/, $out)
	{
		if (/^(not )?ok - (.*)/) { ok(!$1, "$script: $2"); $results++; }
		elsif (!/^done/) { s/^# //; diag($_) unless /^seed/; note($_); }
	}
	ok($status && $out =~ /^done $results$/m && $results > 30, "$script came to its end") or diag($err);
	CacheWorld::finish($writers, "the writers beside $script");
	my ($backends, $users, $switches) = RlsWorld::served($node);
	ok($backends && $backends <= 3 && $users >= 3 && $switches > 20, "$script: " . ($backends || 0) . ' connections, ' . ($users || 0) . ' users or more on each, ' . ($switches || 0) . ' changes of user');
	return;
}

run_script('pg');
# by indexes, small as the tables are
$node->safe_psql('postgres', 'ALTER ROLE app_server SET enable_seqscan = off');
run_script('drizzle');
done_testing();
