# A small world of permissions for TAP tests: what to ask, who changes it, and
# readers that compare tj_can with the oracle within one statement.
package CacheWorld;
use strict;
use warnings;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils ();
use Test::More;

# A primary with these settings, and a hot standby that waits for its readers.
sub primary_and_standby
{
	my ($settings) = @_;
	my $primary = PostgreSQL::Test::Cluster->new('primary');
	$primary->init(allows_streaming => 1);
	$primary->append_conf('postgresql.conf', $settings);
	$primary->start;
	$primary->backup('base');
	my $standby = PostgreSQL::Test::Cluster->new('standby');
	$standby->init_from_backup($primary, 'base', has_streaming => 1);
	$standby->append_conf('postgresql.conf', "hot_standby_feedback = on\nmax_standby_streaming_delay = -1");
	$standby->start;
	return ($primary, $standby);
}

# The oracle and the questions; with_world also makes the workspaces.
sub install
{
	my ($node, $with_world) = @_;
	my $oracle = PostgreSQL::Test::Utils::slurp_file("$ENV{TESTDIR}/test/property/oracle.sql");
	$node->safe_psql('postgres', "CREATE EXTENSION tj_perm;\n$oracle");
	$node->safe_psql('postgres', <<~'SQL');
		CREATE SCHEMA t;
		CREATE TABLE t.probe (n serial, u text, r tj_resource, w text, t text[], i text[], l tj_level);
		INSERT INTO t.probe (u, r, w, t, i, l)
		SELECT u, (w || p.r)::tj_resource, w, p.t, p.i, l::tj_level
		FROM unnest('{w1,w2}'::text[]) w, unnest('{u1,u2,u3,u4,root}'::text[]) u, unnest('{viewer,editor,admin}'::text[]) l,
			(VALUES ('', '{}'::text[], '{}'::text[]), ('/app:1', '{app}', '{1}'), ('/app:2', '{app}', '{2}'),
				('/folder:1/app:1', '{folder,app}', '{1,1}')) p(r, t, i)
		ORDER BY md5(u || l || w || p.r);
		-- product and oracle under one snapshot; how many yes
		CREATE FUNCTION t.ask(every int, which int) RETURNS bigint LANGUAGE plpgsql VOLATILE AS $$
		DECLARE
			yes bigint;
			differences text;
		BEGIN
			SELECT count(*) FILTER (WHERE got),
				string_agg(format('%s %s %s: product %s, oracle %s', u, r, l, got, want), ', ') FILTER (WHERE got IS DISTINCT FROM want)
			INTO yes, differences
			FROM (SELECT p.*, tj_can(u, r, l) AS got, oracle.can(u, w, t, i, l::text) AS want FROM t.probe p WHERE n % every = which OFFSET 0) x;
			IF differences IS NOT NULL THEN
				RAISE EXCEPTION 'DIFFERENCE %', differences;
			END IF;
			RETURN yes;
		END $$;
		-- one random change; what is refused is refused
		CREATE PROCEDURE t.change() LANGUAGE plpgsql AS $$
		DECLARE
			w text := 'w' || 1 + (random() * 1)::int;
			u text := 'u' || 1 + (random() * 3)::int;
			g text := 'g' || 1 + (random() * 1)::int;
			target text := (ARRAY['', '/app:1', '/app:2', '/app:*', '/folder:1'])[1 + (random() * 4)::int];
			level tj_level := (ARRAY['viewer', 'editor', 'admin'])[1 + (random() * 2)::int];
		BEGIN
			CASE (random() * 9)::int
				WHEN 0, 1 THEN PERFORM tj_perm.grant_access((w || target)::tj_resource, level, to_user => u);
				WHEN 2 THEN PERFORM tj_perm.grant_access((w || target)::tj_resource, level, to_group => g);
				WHEN 3, 4 THEN DELETE FROM tj_perm.grants a WHERE a.workspace_id = w AND a.user_id = u;
				WHEN 5 THEN DELETE FROM tj_perm.grants a WHERE a.workspace_id = w AND a.group_id IS NOT NULL;
				WHEN 6 THEN DELETE FROM tj_perm.members m WHERE m.workspace_id = w AND m.user_id = u;
				WHEN 7, 8 THEN PERFORM tj_perm.add_user(w, u, ARRAY[g]);
				ELSE UPDATE tj_perm.members m SET status = CASE status WHEN 'active' THEN 'archived' ELSE 'active' END WHERE m.workspace_id = w AND m.user_id = u;
			END CASE;
		EXCEPTION WHEN object_not_in_prerequisite_state OR undefined_object OR integrity_constraint_violation OR deadlock_detected OR lock_not_available THEN
			NULL;
		END $$;
		-- more subtransactions than a snapshot lists
		CREATE PROCEDURE t.many_changes() LANGUAGE plpgsql AS $$
		BEGIN
			FOR i IN 1 .. 100 LOOP
				CALL t.change();
			END LOOP;
		END $$;
		SQL
	$node->safe_psql('postgres', <<~'SQL') if $with_world;
		SELECT tj_perm.create_workspace(w, 'root') FROM unnest('{w1,w2}'::text[]) w;
		SELECT tj_perm.add_user(w, 'u' || n) FROM unnest('{w1,w2}'::text[]) w, generate_series(1, 4) n;
		SELECT tj_perm.create_group(w, 'g' || n) FROM unnest('{w1,w2}'::text[]) w, generate_series(1, 2) n;
		SELECT tj_perm.nest_group('w1', 'g1', 'g2');
		SQL
	return;
}

my %scripts = (
	change => "SET lock_timeout = '8s';\nCALL t.change();\n",
	undo => "SET lock_timeout = '8s';\nBEGIN;\nCALL t.change();\nSAVEPOINT s;\nCALL t.change();\nROLLBACK TO s;\nSELECT t.ask(5, 1);\nROLLBACK;\n",
	two_phase => "SET lock_timeout = '8s';\nBEGIN;\nCALL t.change();\nPREPARE TRANSACTION 'c:client_id';\nSELECT t.ask(5, 2);\nCOMMIT PREPARED 'c:client_id';\n",
	many => "SET lock_timeout = '8s';\nBEGIN;\nCALL t.many_changes();\nSELECT t.ask(5, 3);\nCOMMIT;\n",
	read => "\\set k random(0, 4)\nSELECT t.ask(5, :k);\nSELECT t.ask(5, :k);\n",
	read_old => "\\set k random(0, 4)\nBEGIN ISOLATION LEVEL REPEATABLE READ;\nSELECT t.ask(5, :k);\nSELECT pg_sleep(0.02);\nSELECT t.ask(5, :k);\nCOMMIT;\n"
	  . "BEGIN READ ONLY;\nSELECT t.ask(5, :k);\nDECLARE c CURSOR FOR SELECT t.ask(20, n) FROM generate_series(0, 19) n;\nFETCH 5 FROM c;\nSELECT t.ask(5, :k);\nFETCH 5 FROM c;\nCOMMIT;\n",
);

# Start pgbench with scripts, "name" or "name@weight"; finish() waits.
sub start
{
	my ($node, $seconds, $clients, @names) = @_;
	my $dir = PostgreSQL::Test::Utils::tempdir();
	my @files;
	for (@names)
	{
		my ($name, $weight) = split /\@/;
		PostgreSQL::Test::Utils::append_to_file("$dir/$name.sql", $scripts{$name});
		push @files, '-f', "$dir/$name.sql\@" . ($weight || 1);
	}
	my $run = { output => '', error => '' };
	local %ENV = $node->_get_env;
	$run->{handle} = IPC::Run::start(
		[ 'pgbench', '-n', '-T', $seconds, '-c', $clients, '--max-tries=20', @files, 'postgres' ],
		'<', \undef, '>', \$run->{output}, '2>', \$run->{error});
	return $run;
}

sub finish
{
	my ($run, $what) = @_;
	my $good = $run->{handle}->finish;
	my ($n) = $run->{output} =~ /number of transactions actually processed: (\d+)/;
	ok($good && $run->{error} !~ /DIFFERENCE|aborted/ && ($n || 0) > 20, "$what: no difference in " . ($n || 0) . ' transactions')
	  or diag("$run->{output}$run->{error}");
	return;
}

# A writer that gave up may have left a prepared transaction, whose locks the
# rest of a test would wait for.
sub stop_if_failed
{
	return if Test::More->builder->is_passing;
	done_testing();
	exit 1;
}

# One connection that asks again and again, and how many different answers it got.
# On a busy machine changes may take their time to arrive: then another one asks.
sub ask_in_one_session
{
	my ($node, $times) = @_;
	my ($errors, $unused, %answers) = ('', 0);
	for (1 .. 4)
	{
		my ($status, $output, $error) = $node->psql('postgres',
			join("\n", map { 'SELECT t.ask(1, 0), pg_sleep(0.02) IS NULL;' } 1 .. $times) . "\nSELECT 'cache', validations > 0, loads > 0 FROM tj_perm.cache_stats();",
			on_error_stop => 1);
		$errors .= $error;
		$unused++ if $output !~ /^cache\|t\|t$/m;
		$answers{$_} = 1 for $output =~ /^(\d+)\|/mg;
		last if $errors || keys %answers > 1;
	}
	is($errors, '', 'no difference in one session');
	is($unused, 0, 'with a cache that was in use');
	cmp_ok(scalar keys %answers, '>', 1, 'with answers that change');
	return;
}

1;
