// What the scripts beside this file share: lines of results that
// 060_node_clients.pl counts, and the documented way to act for a user.

let count = 0;

export function ok(good, what, detail) {
	count++;
	console.log(`${good ? 'ok' : 'not ok'} - ${what}`);
	if (!good && detail !== undefined) console.log(`# ${detail}`);
}

export function is(got, want, what) {
	const [a, b] = [JSON.stringify(got), JSON.stringify(want)];
	ok(a === b, what, `got ${a}, must be ${b}`);
}

// The SQLSTATE that an operation is refused with; ORMs wrap the driver's error.
export async function code(operation) {
	try {
		await operation();
		return 'no error';
	} catch (error) {
		return error.code ?? error.cause?.code ?? String(error);
	}
}

// One transaction on behalf of a user: the only way in which the tests act.
export async function as(pool, user, work, begin = 'BEGIN') {
	const client = await pool.connect();
	let broken;
	try {
		await client.query(begin);
		await client.query("SELECT set_config('tj_perm.user_id', $1, true)", [user]);
		const result = await work(client);
		await client.query('COMMIT');
		return result;
	} catch (error) {
		await client.query('ROLLBACK').catch((worse) => (broken = worse));
		throw error;
	} finally {
		client.release(broken);
	}
}

// Numbers from a seed, so that a run can be repeated.
export function random(seed) {
	return (n) => {
		seed = (seed + 0x6d2b79f5) | 0;
		let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
		t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
		return ((t ^ (t >>> 14)) >>> 0) % n;
	};
}

export const users = ['u1', 'u2', 'u3', 'u4', 'u5', 'root'];
export const visible = 'ARRAY(SELECT id FROM app.docs ORDER BY id)';

// Rejections that nobody waits for end the script, and so the test.
export function done() {
	console.log(`done ${count}`);
}
