// drizzle-orm on node-postgres: an ORM's ways, for several users on one pool.
import { and, asc, count, desc, eq, inArray, isNull, like, relations, sql, TransactionRollbackError } from 'drizzle-orm';
import { drizzle } from 'drizzle-orm/node-postgres';
import { bigint, foreignKey, integer, pgSchema, primaryKey, text } from 'drizzle-orm/pg-core';
import pg from 'pg';
import { code, done, is, ok, random, users, visible } from './check.mjs';

const app = pgSchema('app');
const folders = app.table('folders', { orgId: text('org_id'), folderId: integer('folder_id'), name: text('name') }, (t) => [primaryKey({ columns: [t.orgId, t.folderId] })]);
const docs = app.table(
	'docs',
	{ id: bigint('id', { mode: 'number' }).primaryKey().generatedByDefaultAsIdentity(), orgId: text('org_id').notNull(), folderId: integer('folder_id'), appId: integer('app_id').notNull(), title: text('title'), slug: text('slug').unique() },
	(t) => [foreignKey({ columns: [t.orgId, t.folderId], foreignColumns: [folders.orgId, folders.folderId] })],
);
const folderRelations = relations(folders, ({ many }) => ({ docs: many(docs) }));
const docRelations = relations(docs, ({ one }) => ({ folder: one(folders, { fields: [docs.orgId, docs.folderId], references: [folders.orgId, folders.folderId] }) }));

const pool = new pg.Pool({ max: 3 });
const db = drizzle(pool, { schema: { folders, docs, folderRelations, docRelations } });

// the documented way, in the ORM's words
const as = (user, work, config) =>
	db.transaction(async (tx) => {
		await tx.execute(sql`SELECT set_config('tj_perm.user_id', ${user}, true)`);
		return work(tx);
	}, config);
const slugs = (rows) => rows.map((row) => row.slug);

// ---- select ----

is(slugs(await as('u1', (tx) => tx.select({ slug: docs.slug }).from(docs).orderBy(asc(docs.slug)))), ['w1-0-1', 'w1-1-1', 'w1-1-2', 'w1-1-3', 'w1-2-1'], 'u1 selects');
is(slugs(await as('u2', (tx) => tx.select({ slug: docs.slug }).from(docs).where(eq(docs.orgId, 'w1')).orderBy(desc(docs.slug)).limit(2))), ['w1-2-2', 'w1-1-2'], 'u2 selects with where, order and limit');
is(slugs(await as('u2', (tx) => tx.select({ slug: docs.slug }).from(docs).where(and(like(docs.title, 'doc%'), isNull(docs.folderId))))), ['w1-0-2'], 'with and, like, is null');
is(await as('u1', (tx) => tx.$count(docs)), 5, 'counts');
is(await as('u1', (tx) => tx.select({ folder: docs.folderId, n: count() }).from(docs).groupBy(docs.folderId).orderBy(docs.folderId)), [{ folder: 1, n: 3 }, { folder: 2, n: 1 }, { folder: null, n: 1 }], 'groups');
is(await as('root', (tx) => tx.$count(docs)), 18, 'root counts all');
is(await as('u5', (tx) => tx.select().from(docs)), [], 'a stranger selects nothing');
is(await db.select().from(docs), [], 'and so does a query outside of a transaction');
is(
	await as('u1', (tx) => tx.select({ slug: docs.slug, mine: sql`tj_can(tj_user(), tj_resource(${docs.orgId}, 'folder', ${docs.folderId}, 'app', ${docs.appId}), 'editor')` }).from(docs).where(inArray(docs.slug, ['w1-1-1', 'w1-2-1', 'w2-1-1'])).orderBy(docs.slug)),
	[{ slug: 'w1-1-1', mine: true }, { slug: 'w1-2-1', mine: false }],
	'a column that says what the user may change',
);
is(await as('u1', (tx) => tx.select({ may: sql`tj_can(${'u1'}, tj_resource(${'w1'}, 'folder', ${'1'}), 'editor')` }).from(sql`(SELECT) AS x`)), [{ may: true }], 'and a question by parameters');

// ---- joins and relational queries ----

is(await as('u1', (tx) => tx.select({ folder: folders.name, slug: docs.slug }).from(docs).leftJoin(folders, and(eq(folders.orgId, docs.orgId), eq(folders.folderId, docs.folderId))).where(eq(docs.appId, 1)).orderBy(docs.slug)),
	[{ folder: null, slug: 'w1-0-1' }, { folder: 'folder 1', slug: 'w1-1-1' }, { folder: null, slug: 'w1-2-1' }], 'a join shows no folder that the user does not see');
is(await as('u1', (tx) => tx.query.folders.findMany({ with: { docs: { columns: { slug: true }, orderBy: docs.slug } } })), [{ orgId: 'w1', folderId: 1, name: 'folder 1', docs: ['w1-1-1', 'w1-1-2', 'w1-1-3'].map((slug) => ({ slug })) }], 'a relational query');
is(await as('u2', (tx) => tx.query.docs.findMany({ columns: { slug: true }, with: { folder: true }, orderBy: docs.slug })), ['w1-0-2', 'w1-1-2', 'w1-2-2'].map((slug) => ({ slug, folder: null })), 'the other way round');
is((await as('root', (tx) => tx.query.folders.findMany({ with: { docs: true } }))).map((f) => f.docs.length), [3, 3, 3, 3], 'root gets all of it');

// ---- insert, update, delete ----

const place = { orgId: 'w1', folderId: 1, appId: 9 };
is((await as('u1', (tx) => tx.insert(docs).values({ ...place, slug: 'new' }).returning())).map(({ orgId, slug, id }) => [orgId, slug, id > 18]), [['w1', 'new', true]], 'insert returning');
is(await as('u1', (tx) => tx.insert(docs).values([{ ...place, slug: 'n1' }, { ...place, slug: 'n2' }]).returning({ slug: docs.slug })), [{ slug: 'n1' }, { slug: 'n2' }], 'of several rows');
is(await code(() => as('u2', (tx) => tx.insert(docs).values({ ...place, slug: 'not' }))), '42501', 'not by another user');
is(await code(() => as('u1', (tx) => tx.insert(docs).values([{ ...place, slug: 'n3' }, { ...place, folderId: 2 }]))), '42501', 'nor elsewhere, all or nothing');
is(slugs(await as('u1', (tx) => tx.update(docs).set({ title: 'changed' }).where(eq(docs.appId, 9)).returning({ slug: docs.slug }))).sort(), ['n1', 'n2', 'new'], 'update returning');
is(await as('u2', (tx) => tx.update(docs).set({ title: 'changed' }).returning()), [], 'a viewer updates nothing');
is((await as('u1', (tx) => tx.update(docs).set({ title: 'document' }))).rowCount, 6, 'an update of everything changes what the user may change');
is(await code(() => as('u1', (tx) => tx.update(docs).set({ folderId: 2 }).where(eq(docs.slug, 'new')))), '42501', 'moving a row to where it may not be written');
is(await as('u2', (tx) => tx.delete(docs).returning()), [], 'a viewer deletes nothing');

// ---- upsert ----

const upsert = (slug, where = place) => (tx) => tx.insert(docs).values({ ...where, slug, title: 'inserted' }).onConflictDoUpdate({ target: docs.slug, set: { title: sql`excluded.title || ', updated'` } }).returning({ title: docs.title });
is(await as('u1', upsert('new')), [{ title: 'inserted, updated' }], 'upsert of a row of their own');
is(await as('u1', upsert('newer')), [{ title: 'inserted' }], 'of a new one');
is(await code(() => as('u1', upsert('w1-2-1'))), '42501', 'of one that they only see');
is(await code(() => as('u1', upsert('w2-1-1'))), '42501', 'and of one that they do not');
is(await as('u1', (tx) => tx.insert(docs).values([{ ...place, slug: 'w2-1-1' }, { ...place, slug: 'newest' }]).onConflictDoNothing().returning({ slug: docs.slug })), [{ slug: 'newest' }], 'onConflictDoNothing leaves it out');
is(await as('root', (tx) => tx.select({ title: docs.title }).from(docs).where(inArray(docs.slug, ['w1-2-1', 'w2-1-1']))), [{ title: 'document' }, { title: 'document' }], 'which stays as it is');

// ---- transactions ----

is(await as('u1', async (tx) => {
	const inner = await code(() => tx.transaction(async (nested) => {
		await nested.insert(docs).values({ ...place, slug: 'nested' });
		await nested.execute(sql`SELECT set_config('tj_perm.user_id', 'root', true)`);
		await nested.insert(docs).values({ ...place, orgId: 'w9', slug: 'refused' });
	}));
	return [inner, await tx.$count(docs, eq(docs.slug, 'nested')), await tx.$count(docs)];
}), ['42501', 0, 10], 'a nested transaction that fails takes its user with it');
is(await code(() => as('u1', async (tx) => { await tx.delete(docs).where(eq(docs.appId, 9)); tx.rollback(); })), 'DrizzleError: Rollback', 'a rollback');
is((await as('u1', (tx) => tx.delete(docs).where(eq(docs.appId, 9)).returning({ slug: docs.slug }))).length, 5, 'undid it');
is(await code(() => as('u1', async (tx) => { await tx.update(docs).set({ title: 'x' }); }, { accessMode: 'read only' })), '25006', 'read only');

// ---- prepared queries, many users at once, while permissions change ----

const mine = sql.placeholder('org');
const seed = Number(process.env.TJ_SEED) || Date.now();
console.log(`# seed ${seed}`);
const pick = random(seed);
const snapshot = { isolationLevel: 'repeatable read' };
let transactions = 0;
let upserts = 0;
const compare = (tx, check, user, rows) => tx.execute(sql`SELECT ${sql.raw(check)}(${user}, ${`{${rows.map((r) => r.id).sort((a, b) => a - b).join(',')}}`}::bigint[])`);
// undone, and tried again where REPEATABLE READ or a deadlock asks for it
async function undone(user, work) {
	for (;;) {
		try {
			await as(user, async (tx) => { await work(tx); tx.rollback(); }, snapshot);
		} catch (error) {
			if (error instanceof TransactionRollbackError) return;
			if (!['40001', '40P01'].includes(error.cause?.code)) throw error;
		}
	}
}
// five seconds at least, and enough to mean something on a busy machine
const until = Date.now() + 5000;
async function worker() {
	while (Date.now() < until || transactions < 300) {
		const user = users[pick(users.length)];
		switch (pick(6)) {
			case 0: // the same text for all users, parsed once for a connection
				await as(user, async (tx) => {
					const rows = [];
					for (const org of ['w1', 'w2']) rows.push(...(await tx.select({ id: docs.id }).from(docs).where(eq(docs.orgId, mine)).prepare('of_org').execute({ org })));
					await compare(tx, 't.sees', user, rows);
				}, snapshot);
				break;
			case 1:
				await as(user, async (tx) => {
					const rows = await tx.query.docs.findMany({ columns: { id: true }, with: { folder: true } });
					await compare(tx, 't.sees', user, rows);
				}, snapshot);
				break;
			case 2:
				await undone(user, async (tx) => compare(tx, 't.changes', user, await tx.update(docs).set({ title: 'changed' }).returning({ id: docs.id })));
				break;
			case 3:
				await as(user, async (tx) => {
					await tx.execute(sql`INSERT INTO t.served DEFAULT VALUES`);
					await tx.execute(sql`SELECT t.sees(${user}, ${sql.raw(visible)})`);
				});
				break;
			case 4:
				await code(() => as(user, (tx) => tx.insert(docs).values({ orgId: 'w9', appId: 1 })));
				break;
			case 5: { // an upsert of a row that is there succeeds for its editors alone
				const row = { orgId: `w${1 + pick(2)}`, folderId: pick(3) || null, appId: 1 + pick(3) };
				const slug = `${row.orgId}-${row.folderId ?? 0}-${row.appId}`;
				await undone(user, async (tx) => {
					const [{ may }] = await tx.select({ may: sql`tj_can(${user}, tj_resource(${row.orgId}, 'folder', ${row.folderId}, 'app', ${row.appId}), 'editor')` }).from(sql`(SELECT) AS x`);
					const got = await upsert(slug, row)(tx).catch((error) => {
						if (error.cause?.code !== '42501') throw error;
						return [];
					});
					if ((got.length === 1 && got[0].title.endsWith(', updated')) !== may) throw new Error(`DIFFERENCE: upsert of ${slug} by ${user}, who may: ${may}`);
				});
				upserts++;
				break;
			}
		}
		if ((await db.select().from(docs)).length) throw new Error('DIFFERENCE: nobody sees something');
		transactions++;
	}
}
const results = await Promise.allSettled(Array.from({ length: 12 }, worker));
is(results.filter((r) => r.status === 'rejected').map((r) => String(r.reason.cause ?? r.reason)), [], '12 workers on 3 connections: no answer of another user');
ok(transactions >= 300 && upserts >= 20, `in ${transactions} transactions, ${upserts} of them upserts`);
await pool.end();
done();
