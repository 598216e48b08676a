# Dump and restore: the same rows, the same answers, and life goes on, whole
# and --data-only, plain and custom format, as superuser and as the plain
# owner of the extension. Restoring must double nothing: no history, no
# default groups; stamps are local to a node and are made anew.
use strict;
use warnings;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my @tables = qw(workspaces members groups group_members group_nesting grants invitations history);

# "keeper" owns the extension and is no superuser afterwards; a trusted role
# is not needed, since installing is the superuser's work.
sub install
{
	my ($node, $db) = @_;
	$node->safe_psql('postgres', "CREATE DATABASE $db OWNER keeper TEMPLATE template0");
	$node->safe_psql('postgres', 'ALTER ROLE keeper SUPERUSER');
	$node->safe_psql($db, 'SET ROLE keeper; CREATE EXTENSION tj_perm');
	$node->safe_psql('postgres', 'ALTER ROLE keeper NOSUPERUSER');
	return;
}

# All rows of all tables, and every answer for all users, resources, levels.
sub rows
{
	my ($node, $db) = @_;
	return map {
		$_ => $node->safe_psql($db, "SELECT t::text FROM tj_perm.$_ t ORDER BY t::text COLLATE \"C\"")
	} @tables;
}

sub answers
{
	my ($node, $db) = @_;
	return $node->safe_psql($db, <<~'SQL');
		WITH resources AS (
			SELECT DISTINCT r
			FROM (SELECT resource FROM tj_perm.grants
				UNION ALL SELECT tj_workspace(workspace_id) FROM tj_perm.workspaces
				UNION ALL SELECT tj_resource(workspace_id, 'folder', 'f', 'app', 42) FROM tj_perm.workspaces
				UNION ALL SELECT tj_resource(workspace_id, 'folder', 'g', 'page', 1) FROM tj_perm.workspaces) x(r)
		), users AS (SELECT DISTINCT user_id FROM tj_perm.members UNION ALL SELECT 'stranger')
		SELECT format('%s %s %s %s', user_id, r, l, tj_can(user_id, r, l))
		FROM users, resources, unnest('{viewer,editor,admin}'::tj_level[]) l
		ORDER BY user_id, r, l;
		SQL
}

sub run_on
{
	my ($node, $command, $pgoptions) = @_;
	local %ENV = $node->_get_env;
	$ENV{PGOPTIONS} = $pgoptions if $pgoptions;
	return PostgreSQL::Test::Utils::run_log($command);
}

# One row per thing that ought to have a stamp and has none.
my $stampless = <<'SQL';
	SELECT 'workspace ' || workspace_id FROM tj_perm.workspaces w
		WHERE NOT EXISTS (SELECT FROM tj_perm.stamps s WHERE s.workspace_id = w.workspace_id AND s.group_id = 0 AND s.user_id = '')
	UNION ALL SELECT 'member ' || user_id FROM tj_perm.members m
		WHERE NOT EXISTS (SELECT FROM tj_perm.stamps s WHERE s.workspace_id = m.workspace_id AND s.group_id = 0 AND s.user_id = m.user_id)
	UNION ALL SELECT 'group ' || name FROM tj_perm.groups g
		WHERE NOT EXISTS (SELECT FROM tj_perm.stamps s WHERE s.workspace_id = g.workspace_id AND s.group_id = g.group_id)
SQL

# ---- the source: every kind of row, every state ----

my $source = PostgreSQL::Test::Cluster->new('source');
$source->init;
$source->start;
$source->safe_psql('postgres', 'CREATE ROLE keeper LOGIN');
install($source, 'app');
my $out = $source->safe_psql('app', <<~'SQL', extra_params => [ '-U', 'keeper' ]);
	SELECT tj_perm.create_workspace('techcorp', 'root@techcorp.com', 'TechCorp');
	SELECT tj_perm.create_workspace('42', 'root@techcorp.com');
	SELECT tj_perm.create_workspace('it''s "odd"/key', '7');
	SELECT tj_perm.create_workspace('old', 'root@techcorp.com');
	SELECT tj_perm.add_user('techcorp', u) FROM unnest('{alice@techcorp.com,bob@techcorp.com,8}'::text[]) u;
	SELECT tj_perm.add_user('42', u) FROM unnest('{alice@techcorp.com,gone}'::text[]) u;
	SELECT tj_perm.create_group('techcorp', g) FROM unnest('{Engineering,Backend,Support}'::text[]) g;
	SELECT tj_perm.create_group('42', 'Engineering');
	SELECT tj_perm.nest_group('techcorp', 'Backend', into_group => 'Engineering');
	SELECT tj_perm.add_to_group('techcorp', 'Backend', '{alice@techcorp.com}');
	SELECT tj_perm.add_to_group('techcorp', 'Support', '{bob@techcorp.com,8}');
	SELECT tj_perm.add_to_group('techcorp', 'Admins', '{8}');
	SELECT tj_perm.grant_access('techcorp/app:42', 'editor', to_group => 'Engineering', note => 'a, "b" \ c');
	SELECT tj_perm.grant_access('techcorp/folder:f', 'viewer', to_group => 'Support');
	SELECT tj_perm.grant_access('techcorp/page:*', 'viewer', to_group => 'All Users');
	SELECT tj_perm.grant_access('techcorp', 'viewer', to_user => 'bob@techcorp.com', valid_from => 'yesterday', valid_until => '2100-01-01');
	SELECT tj_perm.grant_access('techcorp', 'editor', to_user => 'bob@techcorp.com', valid_from => '2100-01-01');
	SELECT tj_perm.grant_access(tj_resource('42', 'app', '019000a0-0000-7000-8000-000000000001'::uuid), 'admin', to_user => 'alice@techcorp.com');
	SELECT tj_perm.grant_access(tj_resource('42', 'app', 'a/b:c "d" *'), 'viewer', to_user => 'gone');
	SELECT tj_perm.archive_user('42', 'gone');
	SELECT tj_perm.archive_workspace('old');
	SELECT tj_perm.invite_user('techcorp', 'charlie@techcorp.com', groups => '{Support}');
	SQL
my ($token) = $out =~ /([0-9a-f-]+)\z/;
like($token, qr/^[0-9a-f-]{36}$/, 'the source has an open invitation');

my %before = rows($source, 'app');
for my $table (@tables)
{
	isnt($before{$table}, '', "the source has rows in $table");
}
my $answers = answers($source, 'app');
like($answers, qr/ t$/m, 'some answers are yes');
like($answers, qr/ f$/m, 'some answers are no');
is($source->safe_psql('app', $stampless), '', 'the source has all its stamps');
my $stamps = $source->safe_psql('app', 'SELECT string_agg(stamp::text, \',\') FROM tj_perm.stamps');

# ---- dumps, made by whoever will restore them ----

my $target = PostgreSQL::Test::Cluster->new('target');
$target->init;
$target->start;
$target->safe_psql('postgres', 'CREATE ROLE keeper LOGIN');

my $superuser = $source->safe_psql('postgres', 'SELECT current_user');
my $dir = PostgreSQL::Test::Utils::tempdir;

# Parallel restore ignores the order of foreign keys among tables of an
# extension (pg_dump gives table data no such dependencies), so that it needs
# session_replication_role = replica, which a superuser can give it.

# name => [who, format, extension there before, options of pg_dump, of pg_restore, PGOPTIONS]
my @cases = (
	[ 'plain_super', $superuser, 'plain', 0, [], [] ],
	[ 'custom_super', $superuser, 'custom', 0, [], [] ],
	[ 'plain_owner', 'keeper', 'plain', 1, [], [] ],
	[ 'custom_owner', 'keeper', 'custom', 1, [], [] ],
	[ 'plain_data_super', $superuser, 'plain', 1, ['--data-only'], [] ],
	[ 'custom_data_super', $superuser, 'custom', 1, [], ['--data-only'] ],
	[ 'directory_super', $superuser, 'directory', 0, [], [] ],
	[ 'inserts_data_super', $superuser, 'plain', 1, [ '--data-only', '--column-inserts' ], [] ],
	[ 'plain_data_owner', 'keeper', 'plain', 1, ['--data-only'], [] ],
	[ 'custom_data_owner', 'keeper', 'custom', 1, [], ['--data-only'] ],
	[ 'plain_disabled', $superuser, 'plain', 1, [ '--data-only', '--disable-triggers' ], [] ],
	[ 'custom_disabled', $superuser, 'custom', 1, [], [ '--data-only', '--disable-triggers' ] ],
);

for my $case (@cases)
{
	my ($name, $who, $format, $there, $dump_options, $restore_options, $pgoptions) = @$case;
	my $file = "$dir/$name";
	my $disabled = $name =~ /disabled/;

	$source->command_ok([ 'pg_dump', '-U', $who, '-F', $format, '-f', $file, @$dump_options, 'app' ], "$name: dump");
	if ($there)
	{
		install($target, $name);
	}
	else
	{
		$target->safe_psql('postgres', "CREATE DATABASE $name OWNER keeper TEMPLATE template0");
	}
	my @restore =
	  $format eq 'plain'
	  ? ('psql', '-X', '-q', '-v', 'ON_ERROR_STOP=1', '-U', $who, '-d', $name, '-f', $file)
	  : ('pg_restore', '--exit-on-error', '-U', $who, '-d', $name, @$restore_options, $file);
	ok(run_on($target, \@restore, $pgoptions), "$name: restore") or next;

	my %after = rows($target, $name);
	for my $table (@tables)
	{
		is($after{$table}, $before{$table}, "$name: $table as before");
	}
	is(answers($target, $name), $answers, "$name: every answer as before");

	# --disable-triggers silences the stamps too; without a stamp nothing is
	# kept in a cache, so the answers above are the proof
	is($target->safe_psql($name, $stampless), '', "$name: stamps are there") unless $disabled;
	is($target->safe_psql($name, "SELECT count(*) FROM tj_perm.stamps WHERE stamp IN ($stamps)"), '0', "$name: stamps are of this node");

	# life goes on: identity sequences, defaults, history, the open invitation
	my $owner = $there ? 'keeper' : $superuser;
	my $history = $target->safe_psql($name, 'SELECT max(history_id) FROM tj_perm.history');
	my ($status, $out, $err) = $target->psql(
		$name, <<~SQL, on_error_stop => 1, extra_params => [ '-U', $owner ]);
		SELECT tj_perm.create_group('techcorp', 'Newcomers');
		SELECT tj_perm.accept_invitation('$token');
		SELECT tj_perm.add_to_group('techcorp', 'Newcomers', '{charlie\@techcorp.com}');
		SELECT tj_perm.grant_access('techcorp/app:new', 'editor', to_group => 'Newcomers');
		SELECT tj_can('charlie\@techcorp.com', 'techcorp/app:new', 'editor'), tj_can('charlie\@techcorp.com', 'techcorp/app:new', 'admin');
		SELECT tj_perm.create_workspace('fresh', 'dora');
		SELECT tj_can('dora', 'fresh', 'admin');
		SELECT count(*) FROM tj_perm.groups WHERE workspace_id = 'fresh';
		SQL
	is("$status $err", '0 ', "$name: goes on without an error");
	is($out, "t\nt\nt\nt\nt|f\nt\nt\n2", "$name: and with the right answers");
	cmp_ok($target->safe_psql($name, "SELECT count(*) FROM tj_perm.history WHERE history_id > $history"),
		'>=', 7, "$name: history goes on");
}

done_testing();
