# pg_upgrade, here from a version to itself: it makes every object of the extension by
# itself, in an order of its own (functions before operator classes). The same
# rows, stamps included, since the files are taken over; the same answers and
# protection; life goes on.
use strict;
use warnings;

use Cwd;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

use FindBin;
use lib $FindBin::RealBin;
use RlsWorld;

my $old = PostgreSQL::Test::Cluster->new('old');
$old->init;
$old->start;
RlsWorld::install($old);
$old->safe_psql('postgres', <<~'SQL');
	CREATE TABLE app.parts (id uuid PRIMARY KEY DEFAULT gen_random_uuid(), org_id text NOT NULL, app_id int NOT NULL);
	INSERT INTO app.parts (org_id, app_id) SELECT org_id, app_id FROM app.docs;
	GRANT SELECT, INSERT ON app.parts TO app_server;
	SELECT tj_perm.protect('app.parts', workspace => 'org_id', path => '{app,app_id,part,id}', drop_grants => true);
	CREATE VIEW app.shared AS SELECT id, tj_resource(org_id, 'app', app_id) AS resource FROM app.docs WHERE tj_can('u1', tj_workspace(org_id), 'viewer');
	CREATE TABLE app.links (target tj_resource PRIMARY KEY, needed tj_level NOT NULL DEFAULT 'viewer');
	INSERT INTO app.links SELECT DISTINCT resource, 'editor'::tj_level FROM app.shared;
	CREATE INDEX ON app.links USING hash (target);
	SQL

# What must be the same: rows, definitions, and what users see.
sub facts
{
	my ($node) = @_;
	my %facts = map { $_ => scalar $node->safe_psql('postgres', "SELECT t::text FROM $_ AS t ORDER BY t::text COLLATE \"C\"") }
		(map { "tj_perm.$_" } qw(workspaces members groups group_members group_nesting grants stamps history)),
		qw(app.folders app.docs app.parts app.shared app.links tj_perm.protected_tables() tj_perm.doctor());
	$facts{registered} = $node->safe_psql('postgres', q{SELECT extversion, extconfig::regclass[], extcondition FROM pg_extension WHERE extname = 'tj_perm'});
	$facts{triggers} = $node->safe_psql('postgres', q{SELECT tgrelid::regclass, tgname, tgenabled FROM pg_trigger WHERE NOT tgisinternal ORDER BY tgrelid::regclass::text, tgname});
	$facts{rights} = $node->safe_psql('postgres', q{SELECT p.oid::regprocedure, a.grantee::regrole, a.privilege_type FROM pg_proc p, aclexplode(coalesce(proacl, acldefault('f', proowner))) a
		WHERE pronamespace = 'tj_perm'::regnamespace ORDER BY p.oid::regprocedure::text, a.grantee::regrole::text});
	for my $user (split /\n/, $node->safe_psql('postgres', 'SELECT DISTINCT user_id FROM tj_perm.members ORDER BY user_id'), 'nobody')
	{
		$facts{"what $user sees"} = $node->safe_psql('postgres', <<~"SQL", extra_params => [ '-U', 'app_server' ]);
			SET tj_perm.user_id = '$user';
			SELECT t.sees('$user', ARRAY(SELECT id FROM app.docs ORDER BY id));
			SELECT count(*), string_agg(id::text, ',' ORDER BY id) FROM app.parts;
			SQL
	}
	return \%facts;
}

my $before = facts($old);
cmp_ok($before->{'tj_perm.stamps'} =~ tr/\n//, '>', 10, 'there are stamps');
ok((grep { /sees$/ && $before->{$_} =~ /^[1-9]/ } keys %$before), 'somebody sees documents');
$old->stop;

my $new = PostgreSQL::Test::Cluster->new('new');
$new->init;
chomp(my $bindir = `pg_config --bindir`);
my $home = getcwd;
chdir PostgreSQL::Test::Utils::tempdir or die "chdir: $!";	# pg_upgrade leaves scripts behind
command_ok(
	[
		'pg_upgrade', '--old-datadir', $old->data_dir, '--new-datadir', $new->data_dir, '--old-bindir', $bindir, '--new-bindir', $bindir,
		'--socketdir', $new->host, '--old-port', $old->port, '--new-port', $new->port, '--jobs', 2
	],
	'pg_upgrade');
chdir $home or die "chdir: $!";
$new->start;

my $after = facts($new);
for my $fact (sort keys %$before)
{
	is($after->{$fact}, $before->{$fact}, "the same: $fact");
}

# life goes on
is($new->safe_psql('postgres', <<~'SQL'), "t\nt\nt\nf", 'changes are seen, and counted by stamps');
	DO $$ BEGIN PERFORM tj_perm.create_group('w1', 'after'); END $$;
	SELECT count(*) = 1 FROM tj_perm.groups WHERE workspace_id = 'w1' AND name = 'after';
	SELECT tj_perm.grant_access('w1/late:1', 'viewer', to_group => 'All Users');
	SELECT tj_can('u1', 'w1/late:1', 'viewer');
	SELECT tj_can('u1', 'w1/late:2', 'viewer');
	SQL
is($new->safe_psql('postgres', 'ALTER EXTENSION tj_perm UPDATE; DROP EXTENSION tj_perm CASCADE; SELECT count(*) FROM pg_namespace WHERE nspname = \'tj_perm\''), '0', 'the extension can be updated and dropped');

done_testing();
