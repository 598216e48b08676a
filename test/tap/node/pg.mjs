// node-postgres: what applications do with it, for several users on one pool.
import pg from 'pg';
import { as, code, done, is, ok, random, users, visible } from './check.mjs';

const pool = new pg.Pool({ max: 3 });
const one = new pg.Pool({ max: 1, options: '-c plan_cache_mode=force_generic_plan' });
one.on('connect', (client) => client.on('error', () => {}));
const ids = async (client) => (await client.query({ name: 'ids', text: 'SELECT id FROM app.docs ORDER BY id' })).rows.map((row) => row.id);
const places = async (client) =>
	(await client.query("SELECT org_id || '/' || coalesce(folder_id, 0) || '/' || app_id AS place FROM app.docs ORDER BY 1")).rows.map((row) => row.place);

// ---- what each user sees ----

is(await as(pool, 'root', places), ['w1', 'w2'].flatMap((w) => [0, 1, 2].flatMap((f) => [1, 2, 3].map((a) => `${w}/${f}/${a}`))), 'root sees everything');
is(await as(pool, 'u1', places), ['w1/0/1', 'w1/1/1', 'w1/1/2', 'w1/1/3', 'w1/2/1'], 'u1 sees a folder, and an app wherever it lies');
is(await as(pool, 'u2', places), ['w1/0/2', 'w1/1/2', 'w1/2/2'], 'u2 an app, by a group');
is(await as(pool, 'u5', places), [], 'a stranger nothing');
is((await pool.query('SELECT id FROM app.docs')).rows, [], 'and a query without a transaction nothing');
is(await as(pool, 'U1', places), [], 'ids that are no e-mail addresses compare exactly');

// ---- named statements: parsed and planned once for a connection, used by many users ----

await (async () => {
	const names = [];
	for (let n = 0; n < 30; n++) {
		const user = users[n % users.length];
		const got = await as(one, user, async (client) => {
			await client.query({ name: 'sees', text: `SELECT t.sees($1, ${visible})`, values: [user] });
			return (await client.query({ name: 'count', text: 'SELECT count(*)::int AS n FROM app.docs WHERE org_id = $1', values: ['w1'] })).rows[0].n;
		});
		if (n < users.length) names.push(got);
		else if (got !== names[n % users.length]) ok(false, `${user} the ${n}th time`, `got ${got}`);
	}
	is(names, [5, 3, 0, 0, 0, 9], 'a named statement gives each user their own rows, time after time');
	const { rows } = await one.query("SELECT name, generic_plans > 0 AS generic FROM pg_prepared_statements WHERE name IN ('sees', 'count') ORDER BY 1");
	is(rows, [{ name: 'count', generic: true }, { name: 'sees', generic: true }], 'and by the same generic plan');
})();

// ---- parameters of the constructors and checkers ----

const value = async (text, values) => Object.values((await pool.query(text, values)).rows[0])[0];
is(await value('SELECT tj_can($1, $2, $3)', ['u1', 'w1/folder:1', 'editor']), true, 'tj_can of three untyped parameters');
is(await value("SELECT tj_can($1, tj_resource($2, 'app', $3), 'viewer')", ['u2', 'w1', 2]), true, 'a path of untyped parameters, with a number');
is(await value("SELECT tj_can($1, tj_resource($2, 'app', $3), 'viewer')", ['u2', 'w1', 1]), false, 'and of another one');
is(await value("SELECT tj_can($1, tj_resource($2, 'folder', $3, 'app', $4), 'viewer')", ['u1', 'w1', null, 1]), true, 'a container that is null');
is(await value("SELECT tj_can($1, tj_resource($2, 'folder', $3, 'app', $4), 'viewer')", ['u1', 'w1', 1, null]), false, 'a last id that is null');
is(await value("SELECT tj_can($1, tj_resource($2::text, 'app', $3::bigint), 'viewer')", ['u2', 'w1', 2n]), true, 'typed parameters');
is(await code(() => pool.query("SELECT tj_resource($1, 'app', $2::bigint)", ['w1', 2])), '42P18', 'where one is not text, all need their types');
is(await value("SELECT tj_can($1, tj_resource($2::text, 'folder', $3::int[], 'app', $4::bigint), 'viewer')", ['u1', 'w1', [7, 1], 9]), true, 'an array of containers');
is(await value("SELECT tj_can($1, tj_workspace($2::text), 'admin')", ['root', 'w1']), true, 'a workspace');
is(await value("SELECT tj_can($1, tj_resource($2, 'app', $3), 'viewer')", ['u2', 'w1', '*']), false, 'a parameter makes no wildcard');
is(await value("SELECT tj_can($1, tj_resource($2, 'app', $3), 'viewer')", ["u2' OR true --", 'w1', "2'); --"]), false, 'and no SQL');
is(await value('SELECT tj_resource($1, $2, $3)', ['w1', 'app', 'a/b "c"']), 'w1/app:"a/b ""c"""', 'a resource comes as text');
is(await value('SELECT tj_level_on($1::text, $2)', ['u1', 'w1/folder:1/app:3']), 'editor', 'so does a level');
is(await value('SELECT tj_level_on($1::text, $2)', ['u5', 'w1/folder:1/app:3']), null, 'or null');
is(await code(() => pool.query("SELECT tj_resource(org_id, 'folder', folder_id, 'app', $1) FROM app.docs", [1])), '42P18', 'beside columns that are not text too');
is(await as(pool, 'u1', (c) => c.query("SELECT count(*)::int AS n FROM app.docs WHERE tj_can(tj_user(), tj_resource(org_id, 'folder', folder_id, 'app', $1::bigint), 'editor')", [1]).then((r) => r.rows[0].n)), 3, 'and it is given so');

// ---- errors are told by their code ----

const insert = (org, folder, app, slug) => (client) => client.query('INSERT INTO app.docs (org_id, folder_id, app_id, slug) VALUES ($1, $2, $3, $4) RETURNING id', [org, folder, app, slug]);
is(await code(() => as(pool, 'u2', insert('w1', null, 2))), '42501', 'a row that a viewer may not insert');
is(await code(() => as(pool, 'u1', insert('w2', 1, 1))), '42501', 'a row in another workspace');
is(await code(() => pool.query('INSERT INTO app.docs (org_id, app_id) VALUES ($1, $2)', ['w1', 1])), '42501', 'a row of nobody');
is(await code(() => as(pool, 'u1', insert('w1', 1, 1, 'w2-1-1'))), '23505', 'a key that an invisible row has');
is(await code(() => as(pool, ' u1', ids)), '22023', 'no user id: blanks at its ends');
is(await code(() => pool.query('SELECT tj_can($1, $2, $3)', ['u1', 'no resource:', 'viewer'])), '22P02', 'no resource');
is(await code(() => pool.query('SELECT tj_can($1, $2, $3)', ['u1', 'w1', 'owner'])), '22P02', 'no level');
is(await code(() => as(pool, 'u2', (c) => c.query('SELECT tj_perm.grant_access($1, $2, to_user => $3)', ['w1/app:2', 'admin', 'u2']))), '42501', 'a grant to oneself');
is(await code(() => as(pool, 'u2', (c) => c.query('SELECT tj_perm.grant_access($1, $2, to_user => $3)', ['w9/app:2', 'admin', 'u2']))), '42501', 'or in a workspace that does not exist');
is(await code(() => pool.query('SELECT * FROM tj_perm.grants')), '42501', 'the tables of tj_perm');
const other = new pg.Pool({ max: 1, user: 'other_app' });
is(await code(() => as(other, 'root', ids)), '42501', 'a role that was not granted the setting');
await other.end();
const early = new pg.Client({ user: 'other_app', options: '-c tj_perm.user_id=root' });
await early.connect();
is((await early.query('SELECT tj_user() AS u')).rows[0].u, null, 'gets nobody by asking at the start of the connection either');
await early.end();
is(
	await as(pool, 'u1', async (client) => {
		await client.query('SAVEPOINT s');
		const first = await code(() => insert('w1', 2, 2)(client));
		const second = await code(() => client.query('SELECT 1'));
		await client.query('ROLLBACK TO s');
		return [first, second, (await insert('w1', 1, 8)(client)).rows.length, (await client.query('SELECT tj_user() AS u')).rows[0].u];
	}),
	['42501', '25P02', 1, 'u1'],
	'after an error in a savepoint the transaction goes on as the same user',
);
await as(pool, 'u1', (c) => c.query('DELETE FROM app.docs WHERE app_id = 8'));

// ---- many rows at once without COPY ----

const many = Array.from({ length: 1000 }, (_, n) => n);
const bulk = (folders) => (client) =>
	client.query('INSERT INTO app.docs (org_id, folder_id, app_id, title) SELECT * FROM unnest($1::text[], $2::int[], $3::int[], $4::text[]) RETURNING id', [many.map(() => 'w1'), folders, many.map((n) => 100 + (n % 10)), many.map((n) => `bulk ${n}`)]);
is((await as(pool, 'u1', bulk(many.map(() => 1)))).rows.length, 1000, '1000 rows by unnest');
is(await code(() => as(pool, 'u1', bulk(many.map((n) => (n === 999 ? 2 : 1))))), '42501', 'all or nothing');
is((await as(pool, 'u1', (c) => c.query("UPDATE app.docs AS d SET title = x.title FROM unnest($1::int[], $2::text[]) AS x (app_id, title) WHERE d.app_id = x.app_id AND d.title LIKE 'bulk %'", [[100, 101], ['a', 'b']]))).rowCount, 200, 'changed by unnest');
is((await as(pool, 'u2', (c) => c.query('DELETE FROM app.docs WHERE app_id >= 100'))).rowCount, 0, 'another user deletes none of them');
is((await as(pool, 'u1', (c) => c.query('DELETE FROM app.docs WHERE app_id >= 100'))).rowCount, 1000, 'their editor all');
const rows = many.slice(0, 300);
is(
	(await as(pool, 'u1', async (c) => {
		const text = `INSERT INTO app.docs (org_id, folder_id, app_id) VALUES ${rows.map((n) => `($${3 * n + 1}, $${3 * n + 2}, $${3 * n + 3})`).join(', ')}`;
		const made = await c.query(text, rows.flatMap((n) => ['w1', 1, 200 + n]));
		await c.query('DELETE FROM app.docs WHERE app_id >= 200');
		return made;
	})).rowCount,
	300,
	'300 rows by 900 parameters',
);

// ---- administration on behalf of users ----

is(await as(pool, 'root', async (c) => (await c.query('SELECT tj_perm.grant_access(resource => $1, level => $2, to_user => $3) AS done', ['w2/app:3', 'viewer', 'u4'])).rows[0].done), true, 'root grants');
is(await as(pool, 'u4', places), ['w2/0/3', 'w2/1/3', 'w2/2/3'], 'the next statement of any connection sees it');
is(await as(pool, 'root', async (c) => (await c.query('SELECT tj_perm.add_to_group($1, $2, $3) AS done', ['w1', 'g1', ['u3', 'u4']])).rows[0].done), true, 'a list of users is an array');
is(await as(pool, 'root', async (c) => (await c.query('SELECT user_id FROM tj_perm.members_of_group($1, $2) ORDER BY user_id', ['w1', 'g1'])).rows.map((r) => r.user_id)), ['u2', 'u3', 'u4'], 'and rows are rows');
await as(pool, 'root', async (c) => {
	await c.query('SELECT tj_perm.remove_from_group($1, $2, $3)', ['w1', 'g1', ['u3', 'u4']]);
	await c.query('SELECT tj_perm.revoke_access($1, from_user => $2)', ['w2/app:3', 'u4']);
});
is(await as(pool, 'u4', places), [], 'and that it is revoked');

// ---- the pool ----

// queries that were queued before any was answered, each in its turn
is(
	await as(one, 'u1', async (client) => (await Promise.all([client.query('SELECT tj_user() AS u'), ids(client), client.query("SELECT set_config('tj_perm.user_id', 'u2', true)"), ids(client)])).map((r) => r.length ?? r.rows.length)),
	[1, 5, 1, 3],
	'queued queries keep their order',
);
// What no server can know: a client that is given back within its transaction.
// The next borrower without a transaction of their own is still the same user.
const lost = await one.connect();
await lost.query('BEGIN');
await lost.query("SELECT set_config('tj_perm.user_id', 'root', true)");
lost.release();
is((await one.query('SELECT tj_user() AS u')).rows[0].u, 'root', 'a client given back without COMMIT or ROLLBACK keeps its user');
is(await as(one, 'u2', ids).then((r) => r.length), 3, 'who then names a user is that user');
is((await one.query('SELECT tj_user() AS u')).rows[0].u, null, 'and their COMMIT ends it all');
// cancelled in the middle
is(await code(() => as(one, 'u1', async (c) => { await c.query("SET LOCAL statement_timeout = '20ms'"); await c.query('SELECT pg_sleep(5)'); })), '57014', 'a timeout');
is((await one.query('SELECT tj_user() AS u')).rows[0].u, null, 'leaves nobody');
// broken in the middle
is(await code(() => as(one, 'u1', (c) => c.query('SELECT pg_terminate_backend(pg_backend_pid())'))), '57P01', 'a connection that breaks');
is((await one.query('SELECT tj_user() AS u')).rows[0].u, null, 'leaves nobody either');

// ---- many users at once, while permissions change ----

const seed = Number(process.env.TJ_SEED) || Date.now();
console.log(`# seed ${seed}`);
const pick = random(seed);
let transactions = 0;
// five seconds at least, and enough to mean something on a busy machine
const until = Date.now() + 5000;
async function worker() {
	while (Date.now() < until || transactions < 300) {
		const user = users[pick(users.length)];
		const sees = (c) => c.query({ name: 'sees', text: `SELECT t.sees($1, ${visible})`, values: [user] });
		switch (pick(5)) {
			case 0:
				await as(pool, user, sees);
				break;
			case 1: // answers of separate statements under one snapshot
				await as(pool, user, async (c) => {
					const got = await ids(c);
					await c.query({ name: 'saw', text: 'SELECT t.sees($1, $2)', values: [user, got] });
				}, 'BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
				break;
			case 2: // undone
				await code(() => as(pool, user, async (c) => { await sees(c); throw new Error('undone'); }));
				break;
			case 3: // refused
				await code(() => as(pool, user, async (c) => { await sees(c); await c.query('SELECT 1 / 0'); }));
				break;
			case 4:
				await as(pool, user, async (c) => {
					await c.query('INSERT INTO t.served DEFAULT VALUES');
					await sees(c);
				});
				break;
		}
		await pool.query({ name: 'nobody', text: `SELECT t.sees(NULL, ${visible})` });
		transactions++;
	}
}
const results = await Promise.allSettled(Array.from({ length: 12 }, worker));
is(results.filter((r) => r.status === 'rejected').map((r) => r.reason.message), [], '12 workers on 3 connections: no answer of another user');
ok(transactions >= 300, `in ${transactions} transactions`);
await pool.end();
await one.end();
done();
