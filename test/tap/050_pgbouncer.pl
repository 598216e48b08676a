# pgbouncer in transaction mode: many users share few server connections, and no
# answer ever belongs to the user before. Each transaction names its user, or
# nobody; what it sees is compared with the oracle within the same statement,
# while others change the permissions.
use strict;
use warnings;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use CacheWorld;
use RlsWorld;

my ($pgbouncer) = grep { -x } map { "$_/pgbouncer" } split(/:/, $ENV{PATH}), '/usr/sbin';
die "pgbouncer is missing; test/prerequisites installs it\n" unless $pgbouncer;
my ($version) = `$pgbouncer --version` =~ /PgBouncer (\d+\.\d+)/ or die 'what version is pgbouncer?';
my $keeps_prepared = $version >= 1.21;

my $node = PostgreSQL::Test::Cluster->new('main');
$node->init;
$node->append_conf('postgresql.conf', "max_connections = 60\nmax_prepared_transactions = 20\ndeadlock_timeout = 100ms\nlock_timeout = 10s\njit = off");
$node->start;
RlsWorld::install($node);
# ---- the pooler: this user's process, its files here, no TCP port ----

my $dir = PostgreSQL::Test::Utils::tempdir_short();
my ($port, $log) = (6432, PostgreSQL::Test::Utils::tempdir() . '/pgbouncer.log');
append_to_file("$dir/users", qq("app_server" ""\n"admin" ""\n));
append_to_file("$dir/pgbouncer.ini", <<"INI");
[databases]
postgres = host=@{[$node->host]} port=@{[$node->port]} pool_size=3
one = host=@{[$node->host]} port=@{[$node->port]} dbname=postgres pool_size=1
[pgbouncer]
listen_addr =
unix_socket_dir = $dir
listen_port = $port
auth_type = trust
auth_file = $dir/users
admin_users = admin
pool_mode = transaction
max_client_conn = 50
query_wait_timeout = 60
@{[$keeps_prepared ? 'max_prepared_statements = 100' : '']}
INI
my $pooler = IPC::Run::start([ $pgbouncer, '-q', "$dir/pgbouncer.ini" ], '<', \undef, '>', $log, '2>&1');
END
{
	local $?;
	$pooler->kill_kill(grace => 5) if $pooler;
}
my @pool = ('-h', $dir, '-p', $port, '-U', 'app_server');

# psql through the pooler: output and errors
sub pooled
{
	my ($sql, %option) = @_;
	my ($out, $err) = ('', '');
	IPC::Run::run([ 'psql', '-XAtq', @pool, '-d', 'postgres', %option ], '<', \$sql, '>', \$out, '2>', \$err);
	return ($out, $err);
}

for (1 .. 100)
{
	last if -S "$dir/.s.PGSQL.$port";
	select undef, undef, undef, 0.1;
}
my ($out, $err) = pooled("SELECT current_user, tj_user() IS NULL;\n");
is("$out$err", "app_server|t\n", "pgbouncer $version stands between") or die slurp_file($log);

# ---- the comparison can fail ----

my $see = 'ARRAY(SELECT id FROM app.docs ORDER BY id)';
$node->safe_psql('postgres', q{SELECT tj_perm.grant_access('w1/app:1', 'viewer', to_user => 'u1')});
($out, $err) = pooled("BEGIN; SELECT set_config('tj_perm.user_id', 'u1', true); SELECT t.sees('u1', $see); COMMIT; SELECT t.sees(NULL, $see);\n");
is("$out$err", "u1\n3\n0\n", 'a user, then nobody');
($out, $err) = pooled("BEGIN; SELECT set_config('tj_perm.user_id', 'u1', true); SELECT t.sees('u2', $see);\n");
like($err, qr/DIFFERENCE in backend \d+: the user is u1, not u2/, 'an answer of another user is noticed');
($out, $err) = pooled("BEGIN; SELECT set_config('tj_perm.user_id', 'u1', true); SELECT t.sees('u1', '{1,2}');\n");
like($err, qr/DIFFERENCE for u1/, 'so is a wrong one');
# An identity of the session is none of a pooled client: the next one inherits it.
pooled("SELECT set_config('tj_perm.user_id', 'root', false);\n", -d => 'one');
($out, $err) = pooled("SELECT t.sees(NULL, $see);\n", -d => 'one');
like($err, qr/DIFFERENCE in backend \d+: the user is root, not nobody/, 'set_config(..., false) reaches the next client');
# DISCARD ALL after each transaction would mend even that
pooled("SET server_reset_query_always = 1;\n", -U => 'admin', -d => 'pgbouncer');
pooled("SELECT 1;\n", -d => 'one');
pooled("SELECT set_config('tj_perm.user_id', 'root', false);\n", -d => 'one');
($out, $err) = pooled("SELECT t.sees(NULL, $see);\n", -d => 'one');
is("$out$err", "0\n", 'unless server_reset_query_always');
pooled("SET server_reset_query_always = 0;\n", -U => 'admin', -d => 'pgbouncer');

# ---- many clients, three server connections, writers beside them ----

my %script = (
	user => <<~"SQL",
		\\set n random(1, 5)
		BEGIN;
		SELECT set_config('tj_perm.user_id', 'u' || :n, true);
		INSERT INTO t.served DEFAULT VALUES;
		SELECT t.sees('u' || :n, $see);
		COMMIT;
		SELECT t.sees(NULL, $see);
		SQL
	admin => <<~"SQL",
		BEGIN;
		SELECT set_config('tj_perm.user_id', 'root', true);
		INSERT INTO t.served DEFAULT VALUES;
		SELECT t.sees('root', $see);
		COMMIT;
		SQL
	nobody => <<~"SQL",
		BEGIN;
		INSERT INTO t.served DEFAULT VALUES;
		SELECT t.sees(NULL, $see);
		COMMIT;
		SQL
	# what a user may change, by a change that is undone
	rollback => <<~"SQL",
		\\set n random(1, 5)
		BEGIN;
		SET LOCAL enable_seqscan = off;
		SELECT set_config('tj_perm.user_id', 'u' || :n, true);
		WITH x AS (DELETE FROM app.docs RETURNING id) SELECT t.changes('u' || :n, ARRAY(SELECT id FROM x ORDER BY id));
		ROLLBACK;
		SELECT t.sees(NULL, $see);
		SQL
	savepoint => <<~"SQL",
		\\set n random(1, 4)
		\\set m random(1, 4)
		BEGIN ISOLATION LEVEL REPEATABLE READ;
		SET LOCAL enable_seqscan = off;
		SELECT set_config('tj_perm.user_id', 'u' || :n, true);
		SELECT t.sees('u' || :n, $see);
		SAVEPOINT s;
		SELECT set_config('tj_perm.user_id', 'u' || :m, true);
		SELECT t.sees('u' || :m, $see);
		ROLLBACK TO s;
		SELECT t.sees('u' || :n, $see);
		SAVEPOINT s;
		SELECT set_config('tj_perm.user_id', 'u' || :m, true);
		RELEASE s;
		SELECT t.sees('u' || :m, $see);
		COMMIT;
		SQL
);
my $scripts = PostgreSQL::Test::Utils::tempdir();
append_to_file("$scripts/$_.sql", $script{$_}) for keys %script;

sub bench
{
	my ($mode, $transactions) = @_;
	my %weight = (user => 6, admin => 1, nobody => 3, rollback => 2, savepoint => 2);
	my $run = { output => '', error => '' };
	$run->{handle} = IPC::Run::start(
		# a thread each: PREPARE blocks the thread, and with it those that hold the server connections
		[ 'pgbench', '-n', '-M', $mode, '-t', $transactions, '-c', 12, '-j', 12, '--max-tries=50', @pool, (map { ('-f', "$scripts/$_.sql\@$weight{$_}") } sort keys %weight), 'postgres' ],
		'<', \undef, '>', \$run->{output}, '2>', \$run->{error});
	return $run;
}

# each mode once, with writers that go on all the time
my @modes = ([ 'simple', 'the simple protocol' ], [ 'extended', 'parameters' ], [ 'prepared', 'prepared statements' ]);
my $writers = CacheWorld::start($node, 4 * ($keeps_prepared ? 3 : 2), 2, 'change@4', 'undo@1', 'two_phase@1');
for (@modes)
{
	my ($mode, $what) = @$_;
  SKIP:
	{
		skip "pgbouncer $version keeps no prepared statements", 1 if $mode eq 'prepared' && !$keeps_prepared;
		CacheWorld::finish(bench($mode, 50), "12 clients with $what");
	}
}
CacheWorld::finish($writers, 'the writers beside them');
my ($backends, $users, $switches) = RlsWorld::served($node);
cmp_ok($backends, '<=', 3, "over $backends server connections");
cmp_ok($users, '>=', 4, "each of which served $users users or more, nobody among them");
cmp_ok($switches, '>', 100, "with $switches changes of user");

# ---- clients that fail, in every way, side by side ----

srand(my $seed = $ENV{TJ_SEED} || time);
note("seed $seed");
my @failures = (
	sub { "BEGIN; SELECT set_config('tj_perm.user_id', '$_[0]', true); SELECT t.sees('$_[0]', $see); SELECT 1 / 0; SELECT t.sees('$_[0]', $see); COMMIT;" },
	sub { "BEGIN; SELECT set_config('tj_perm.user_id', '$_[0]', true); INSERT INTO app.docs (org_id, app_id) VALUES ('elsewhere', 1); ROLLBACK;" },
	sub { "BEGIN; SELECT set_config('tj_perm.user_id', '$_[0]', true); SET LOCAL statement_timeout = '2ms'; SELECT pg_sleep(1); COMMIT;" },
	sub { "BEGIN; SELECT set_config('tj_perm.user_id', ' $_[0]', true); COMMIT;" },
	sub { "BEGIN; SELECT set_config('tj_perm.user_id', '$_[0]', true); SAVEPOINT s; SELECT 'x'::int; ROLLBACK TO s; SELECT t.sees('$_[0]', $see); COMMIT;" },
	# outside a transaction: for that statement only
	sub { "SELECT set_config('tj_perm.user_id', '$_[0]', true);" },
	# one message, one transaction
	sub { "SELECT set_config('tj_perm.user_id', '$_[0]', true)\\; SELECT t.sees('$_[0]', $see);" },
	sub { "SELECT set_config('tj_perm.user_id', '$_[0]', true)\\; SELECT t.sees('$_[0]', $see)\\; SELECT 1 / 0;" },
	sub { "CALL app.two_transactions('$_[0]');" },
	sub { "BEGIN; SELECT set_config('tj_perm.user_id', '$_[0]', true); DECLARE c CURSOR FOR SELECT id FROM app.docs; FETCH 1 FROM c; COPY (SELECT id FROM app.docs) TO STDOUT; ROLLBACK;" },
	# gone in the middle: pgbouncer closes that server connection
	sub { "BEGIN; SELECT set_config('tj_perm.user_id', '$_[0]', true); SELECT t.sees('$_[0]', $see);\n\\c" });
my @clients;
$writers = CacheWorld::start($node, 6, 2, 'change@4', 'undo@1');
for my $client (1 .. 8)
{
	my $sql = '';
	for (1 .. 60)
	{
		my $who = (qw(u1 u2 u3 u4 u5 root))[rand 6];
		$sql .= $failures[ rand @failures ]->($who) . "\n";
		$sql .= "SELECT 'nobody', t.sees(NULL, $see);\n";
		$sql .= "BEGIN; SELECT set_config('tj_perm.user_id', '$who', true); SELECT 'asked', t.sees('$who', $see); " . (rand() < 0.5 ? 'COMMIT' : 'ROLLBACK') . ";\n" if rand() < 0.5;
	}
	# the last word is that of somebody who leaves in the middle
	$sql .= "BEGIN; SELECT set_config('tj_perm.user_id', 'root', true); SELECT t.sees('root', $see);\n";
	my $run = { sql => $sql, out => '', err => '' };
	$run->{handle} = IPC::Run::start([ 'psql', '-XAtq', @pool, '-d', 'postgres' ], '<', \$run->{sql}, '>', \$run->{out}, '2>', \$run->{err});
	push @clients, $run;
}
my ($asked, $nobody, %errors) = (0, 0);
for (@clients)
{
	$_->{handle}->finish;
	$asked += () = $_->{out} =~ /^asked\|/mg;
	$nobody += () = $_->{out} =~ /^nobody\|0$/mg;
	$errors{$_}++ for $_->{err} =~ /(?:ERROR|FATAL): +(.*)/g;
}
CacheWorld::finish($writers, 'the writers beside clients that fail');
my @expected = (
	'division by zero',
	'current transaction is aborted, commands ignored until end of transaction block',
	'new row violates row-level security policy for table "docs"',
	'canceling statement due to statement timeout',
	'invalid input syntax for type integer: "x"');
my @unexpected = grep { my $error = $_; !grep { $error eq $_ } @expected and $error !~ /^invalid value for parameter "tj_perm.user_id"/ } sort keys %errors;
is_deeply(\@unexpected, [], 'only the errors that they made, no difference');
cmp_ok(scalar(keys %errors), '>=', 5, 'and those did come');
is($nobody, 8 * 60, 'after each transaction there is nobody');
cmp_ok($asked, '>', 150, "$asked transactions of users between them");
# afterwards no server connection remembers anybody
($out, $err) = pooled(join('', map { "SELECT t.sees(NULL, $see);\n" } 1 .. 30));
is("$out$err", "0\n" x 30, 'and nobody is left in the pool');

done_testing();
