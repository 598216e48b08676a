# Logical replication of the tables, without the stamps: the subscriber makes its
# own while rows arrive, and answers as plain SQL over its tables does.
use strict;
use warnings;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use CacheWorld;

my $publisher = PostgreSQL::Test::Cluster->new('publisher');
$publisher->init(allows_streaming => 'logical');
$publisher->append_conf('postgresql.conf', "max_prepared_transactions = 20\ndeadlock_timeout = 100ms\nlock_timeout = 10s");
$publisher->start;
my $subscriber = PostgreSQL::Test::Cluster->new('subscriber');
$subscriber->init;
$subscriber->append_conf('postgresql.conf', "max_prepared_transactions = 20\nlock_timeout = 10s");
$subscriber->start;
CacheWorld::install($publisher, 1);
CacheWorld::install($subscriber, 0);

my @tables = qw(workspaces members groups group_members group_nesting grants);
$publisher->safe_psql('postgres', 'SELECT tj_perm.grant_access(\'w1/app:1\', \'viewer\', to_user => \'u1\')');
$publisher->safe_psql('postgres', 'CREATE PUBLICATION perm FOR TABLE ' . join(', ', map { "tj_perm.$_" } @tables));
my $connection = $publisher->connstr . ' dbname=postgres';
$subscriber->safe_psql('postgres', "CREATE SUBSCRIPTION perm CONNECTION '$connection' PUBLICATION perm");
$subscriber->wait_for_subscription_sync;
my $count = 'SELECT ' . join(', ', map { "(SELECT count(*) FROM tj_perm.$_)" } @tables);
is($subscriber->safe_psql('postgres', $count), $publisher->safe_psql('postgres', $count), 'the tables arrived');
is($subscriber->safe_psql('postgres', q{SELECT tj_can('u1', 'w1/app:1', 'viewer'), tj_can('u2', 'w1/app:1', 'viewer'), t.ask(1, 0) > 0}), 't|f|t', 'and give the same answers');

my $stamps = 'SELECT string_agg(stamp::text, chr(10)) FROM tj_perm.stamps';
my %before = map { $_ => 1 } split /\n/, $subscriber->safe_psql('postgres', $stamps);

my @runs = (
	[ CacheWorld::start($publisher, 10, 3, 'change@6', 'undo@2', 'two_phase@3', 'many@1'), 'changes on the publisher' ],
	[ CacheWorld::start($subscriber, 10, 2, 'read@2', 'read_old@1'), 'questions on the subscriber' ]);
CacheWorld::ask_in_one_session($subscriber, 120);
$subscriber->psql('postgres', 'REINDEX TABLE CONCURRENTLY tj_perm.grants', on_error_die => 1);
# if it gets in between the others
$subscriber->psql('postgres', "SET lock_timeout = '2s'; VACUUM FULL tj_perm.stamps");
CacheWorld::finish(@$_) for @runs;
CacheWorld::stop_if_failed();
$publisher->wait_for_catchup('perm');

for my $table (@tables)
{
	my $rows = "SELECT t::text FROM tj_perm.$table t ORDER BY t::text COLLATE \"C\"";
	is($subscriber->safe_psql('postgres', $rows), $publisher->safe_psql('postgres', $rows), "$table is the same in the end");
}
my $answers = q{SELECT string_agg(tj_can(u, r, l)::text, ' ' ORDER BY n) FROM t.probe};
is($subscriber->safe_psql('postgres', $answers), $publisher->safe_psql('postgres', $answers), 'and so are all answers');
my %after = map { $_ => 1 } split /\n/, $subscriber->safe_psql('postgres', $stamps);
cmp_ok(scalar(grep { !$before{$_} } keys %after), '>', 3, 'stamps were renewed on the subscriber');
my %published = map { $_ => 1 } split /\n/, $publisher->safe_psql('postgres', $stamps);
is(scalar(grep { $published{$_} } keys %after), 0, 'and are its own');

# stamps that are published by mistake are dropped on arrival
$publisher->safe_psql('postgres', 'ALTER PUBLICATION perm ADD TABLE tj_perm.stamps');
$subscriber->safe_psql('postgres', 'ALTER SUBSCRIPTION perm REFRESH PUBLICATION');
$subscriber->wait_for_subscription_sync;
$publisher->safe_psql('postgres', q{DELETE FROM tj_perm.members WHERE user_id = 'u1'; SELECT tj_perm.add_user('w1', 'u1'); SELECT tj_perm.grant_access('w1/app:1', 'viewer', to_user => 'u1')});
$publisher->wait_for_catchup('perm');
is($subscriber->safe_psql('postgres', q{SELECT tj_can('u1', 'w1/app:1', 'viewer'), t.ask(1, 0) > 0}), 't|t', 'published stamps stop nothing');
%after = map { $_ => 1 } split /\n/, $subscriber->safe_psql('postgres', $stamps);
%published = map { $_ => 1 } split /\n/, $publisher->safe_psql('postgres', $stamps);
is(scalar(grep { $published{$_} } keys %after), 0, 'and are not taken');

done_testing();
