# What tj_perm.protect left behind goes through dump and restore: policies,
# triggers, indexes, flags, and the record of the call, although numbers of
# columns change (dropped ones close up) and names have changed before.
use strict;
use warnings;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('main');
$node->init;
$node->start;
$node->safe_psql('postgres', 'CREATE ROLE app; CREATE ROLE app_owner LOGIN; CREATE DATABASE before');
$node->safe_psql('before', <<~'SQL');
	CREATE EXTENSION tj_perm;
	CREATE SCHEMA s AUTHORIZATION app_owner;
	GRANT USAGE ON SCHEMA s TO app;
	SELECT tj_perm.create_workspace('w', 'root');
	SELECT tj_perm.add_user('w', u) FROM unnest('{folder,row}'::text[]) u;
	SELECT tj_perm.grant_access('w/folder:1', 'editor', to_user => 'folder'), tj_perm.grant_access('w/app:10', 'editor', to_user => 'row');
	SET ROLE app_owner;
	CREATE TABLE s.apps (gone1 integer, org text, gone2 integer, folder bigint, id bigint PRIMARY KEY, title text);
	ALTER TABLE s.apps DROP COLUMN gone1, DROP COLUMN gone2;
	CREATE TABLE s.pages (id bigint PRIMARY KEY, app bigint REFERENCES s.apps);
	CREATE TABLE s.parts (id bigint, org text, folder bigint, PRIMARY KEY (id, folder)) PARTITION BY LIST (folder);
	CREATE TABLE s.parts_1 PARTITION OF s.parts FOR VALUES IN (1);
	CREATE TABLE s.parts_2 PARTITION OF s.parts FOR VALUES IN (2);
	CREATE TABLE s.books (id bigint PRIMARY KEY, org text);
	CREATE TABLE s.chapters (id bigint PRIMARY KEY, book bigint REFERENCES s.books);
	INSERT INTO s.apps VALUES ('w', 1, 10), ('w', 2, 11);
	INSERT INTO s.pages VALUES (100, 10), (110, 11);
	INSERT INTO s.parts SELECT id, org, folder FROM s.apps;
	GRANT ALL ON ALL TABLES IN SCHEMA s TO app;
	RESET ROLE;
	SELECT tj_perm.protect('s.apps', workspace => 'org', path => '{folder,folder,app,id}', drop_grants => true);
	SELECT tj_perm.protect('s.pages', parent => 'app', path => '{page,id}', select_level => 'editor');
	SELECT tj_perm.protect('s.parts', workspace => 'org', path => '{folder,folder,app,id}', force => false);
	SELECT tj_perm.protect('s.books', workspace => 'org', path => '{book,id}', drop_grants => true);
	SELECT tj_perm.protect('s.chapters', parent => 'book', path => '{chapter,id}', user_expression => 'lower(CURRENT_USER)');
	-- two columns of the path swap their names: policies follow, what triggers were told does not
	ALTER TABLE s.apps RENAME COLUMN folder TO swap;
	ALTER TABLE s.apps RENAME COLUMN id TO folder;
	ALTER TABLE s.apps RENAME COLUMN swap TO id;
	SQL

# Tables, what is known of their protection, and what two users can do.
sub facts
{
	my ($db) = @_;
	return {
		'protected tables' => $node->safe_psql($db, 'SELECT * FROM tj_perm.protected_tables()'),
		'state' => $node->safe_psql($db, q{SELECT regexp_replace(tj_perm._protection_state(c), '\m\d{5,}\M', 'OID', 'g') FROM unnest('{s.apps,s.pages,s.parts,s.books,s.chapters}'::regclass[]) c}),
		map { $_ => scalar $node->safe_psql($db, <<~"SQL") } qw(folder row root stranger) };
			SET tj_perm.user_id = '$_';
			SET ROLE app;
			SELECT (SELECT count(*) FROM s.apps), (SELECT count(*) FROM s.pages), (SELECT count(*) FROM s.parts), (SELECT count(*) FROM s.parts_2);
			SQL
}

my $before = facts('before');
is($before->{folder}, '1|1|1|0', 'the source is protected: a folder');
is($before->{row}, '1|1|1|0', 'the source is protected: a row');
is($before->{root}, '2|2|2|1', 'the source is protected: all');
is($before->{stranger}, '0|0|0|0', 'the source is protected: nothing');
like($before->{'protected tables'}, qr/^s\.apps\|org\|\|\{folder,id,app,folder\}\|.*\|f$/m, 'columns by their names of today, and triggers that were told the old ones');
like($before->{'protected tables'}, qr/^s\.$_\|.*\|t$/m, "in step: $_") for qw(books chapters parts parts_1 parts_2);

my $dir = PostgreSQL::Test::Utils::tempdir;
for my $format ('plain', 'custom')
{
	my $db = "after_$format";
	$node->safe_psql('postgres', "CREATE DATABASE $db TEMPLATE template0");
	$node->command_ok([ 'pg_dump', '-F', $format, '-f', "$dir/$format", 'before' ], "$format: dump");
	$node->command_ok(
		$format eq 'plain'
		? [ 'psql', '-X', '-q', '-v', 'ON_ERROR_STOP=1', '-d', $db, '-f', "$dir/$format" ]
		: [ 'pg_restore', '--exit-on-error', '-d', $db, "$dir/$format" ],
		"$format: restore");
	my $after = facts($db);
	is($after->{$_}, $before->{$_}, "$format: $_ as before") for sort keys %$before;

	# the place rule and the grants of deleted rows, in the restored database
	my ($status, $out, $err) = $node->psql($db, q{SET tj_perm.user_id = 'row'; SET ROLE app; UPDATE s.apps SET id = 2});
	like($err, qr/violates the place rule/, "$format: the place rule holds");
	is( $node->safe_psql($db, <<~'SQL'), "t\nf\nt\nf\nt\nf\nt\n0", "$format: protect knows its own work, and changes it");
		SELECT tj_perm.protect('s.apps', workspace => 'org', path => '{folder,id,app,folder}', drop_grants => true); -- new names in the record
		SELECT tj_perm.protect('s.apps', workspace => 'org', path => '{folder,id,app,folder}', drop_grants => true);
		SELECT tj_perm.protect('s.pages', parent => 'app', path => '{page,id}', select_level => 'viewer');
		SELECT tj_perm.protect('s.parts', workspace => 'org', path => '{folder,folder,app,id}', force => false);
		SELECT tj_perm.unprotect('s.parts');
		SELECT tj_perm.unprotect('s.parts');
		WITH d AS (DELETE FROM s.pages) SELECT count(*) = 1 FROM tj_perm.grants WHERE resource = 'w/app:10';
		DELETE FROM s.apps;
		SELECT count(*) FROM tj_perm.grants WHERE resource = 'w/app:10';
		SQL
}

# A plain owner restores all but the trigger that takes grants away: it has to
# be given again by those who may.
$node->safe_psql('postgres', 'CREATE DATABASE by_owner OWNER app_owner TEMPLATE template0');
$node->safe_psql('by_owner', 'CREATE EXTENSION tj_perm; CREATE SCHEMA s AUTHORIZATION app_owner');
my ($out, $err) = ('', '');
IPC::Run::run([ 'pg_restore', '-h', $node->host, '-p', $node->port, '-U', 'app_owner', '-n', 's', '-d', 'by_owner', "$dir/custom" ], '>', \$out, '2>', \$err);
my @errors = $err =~ /error: could not execute query: ERROR:\s+(.*)/g;
is_deeply(\@errors, [ ('permission denied for function tj_perm.drop_grants') x 2 ], 'an owner cannot restore the triggers drop_grants');
is($node->safe_psql('by_owner', q{SELECT string_agg(relation::text, ' ') FROM tj_perm.protected_tables() WHERE in_step}), 's.chapters s.parts s.parts_1 s.parts_2', 'but all the rest');
is($node->safe_psql('by_owner', q{SELECT tj_perm.protect('s.books', workspace => 'org', path => '{book,id}', drop_grants => true); SELECT in_step FROM tj_perm.protected_tables('s.books')}), "t\nt", 'which one who may gives again');

done_testing();
