// test/bench/apps.mjs casbin|cedar|cerbos
//
// Load memberships.tsv and grants.tsv into the checker, ask questions.tsv, and
// print: milliseconds to load, checks a second, kB of memory. Answers must be
// those of the file.
import { spawn } from 'node:child_process'
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { Agent, request } from 'node:http'
import { createServer } from 'node:net'

const lines = (name) => readFileSync(name, 'utf8').trim().split('\n').map((line) => line.split('\t'))
const memberships = lines('memberships.tsv')
const grants = lines('grants.tsv')
const questions = lines('questions.tsv')
const now = () => performance.now()
const memory = () => {
	globalThis.gc()
	return process.memoryUsage().rss / 1024
}

async function casbin() {
	const { newEnforcer, newModelFromString } = await import('casbin')
	const before = memory()
	const start = now()
	const enforcer = await newEnforcer(newModelFromString(`
[request_definition]
r = sub, obj, act
[policy_definition]
p = sub, obj, act
[role_definition]
g = _, _
[policy_effect]
e = some(where (p.eft == allow))
[matchers]
m = g(r.sub, p.sub) && r.obj == p.obj && r.act == p.act
`))
	await enforcer.addGroupingPolicies(memberships)
	await enforcer.addPolicies(grants.map(([group, doc]) => [group, `doc:${doc}`, 'viewer']))
	return { before, loaded: now() - start, ask: (user, doc) => enforcer.enforce(user, `doc:${doc}`, 'viewer') }
}

async function cedar() {
	const module = await import('@cedar-policy/cedar-wasm/nodejs')
	const cedar = module.default ?? module
	const before = memory()
	const start = now()
	// one policy for each grant, as an app that stores grants would make it;
	// the entities of a request: the user with their groups
	const staticPolicies = grants.map(([group, doc]) => `permit(principal in Group::"${group}", action == Action::"view", resource == Doc::"${doc}");`).join('\n')
	const parsed = cedar.preparsePolicySet('bench', { staticPolicies })
	if (parsed.type !== 'success') throw new Error(JSON.stringify(parsed))
	const groupsOf = new Map()
	for (const [user, group] of memberships) groupsOf.set(user, [...(groupsOf.get(user) ?? []), { type: 'Group', id: group }])
	const ask = async (user, doc) => {
		const answer = cedar.statefulIsAuthorized({
			principal: { type: 'User', id: user },
			action: { type: 'Action', id: 'view' },
			resource: { type: 'Doc', id: doc },
			context: {},
			preparsedPolicySetId: 'bench',
			entities: [{ uid: { type: 'User', id: user }, attrs: {}, parents: groupsOf.get(user) ?? [] }],
		})
		if (answer.type !== 'success') throw new Error(JSON.stringify(answer))
		return answer.response.decision === 'allow'
	}
	return { before, loaded: now() - start, ask }
}

// A server beside the application, asked over HTTP on loopback. It keeps policies,
// no memberships: a request brings the groups of its user along, as roles.
async function cerbos() {
	const port = await new Promise((resolve) => {
		const server = createServer().listen(0, '127.0.0.1', () => {
			const { port } = server.address()
			server.close(() => resolve(port))
		})
	})
	const agent = new Agent({ keepAlive: true, maxSockets: 1 })
	const call = (method, path, body) => new Promise((resolve, reject) => {
		const text = body && JSON.stringify(body)
		const headers = text ? { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(text) } : {}
		const sent = request({ host: '127.0.0.1', port, method, path, headers, agent }, (response) => {
			let answer = ''
			response.setEncoding('utf8').on('data', (part) => (answer += part)).on('end', () => (response.statusCode === 200 ? resolve(answer) : reject(new Error(answer))))
		})
		sent.on('error', reject)
		sent.end(text)
	})
	const start = async (policy) => {
		rmSync('policies', { recursive: true, force: true })
		mkdirSync('policies')
		writeFileSync('policies/doc.json', JSON.stringify(policy))
		writeFileSync('cerbos.json', JSON.stringify({
			server: { httpListenAddr: `127.0.0.1:${port}`, grpcListenAddr: `unix:${process.cwd()}/cerbos.sock` },
			telemetry: { disabled: true },
			storage: { driver: 'disk', disk: { directory: `${process.cwd()}/policies`, watchForChanges: false } },
		}))
		const from = now()
		const server = spawn('node_modules/@cerbos/cerbos-linux-x64/cerbos-linux-x64', ['server', '--config=cerbos.json', '--log-level=error'], { stdio: ['ignore', 'ignore', 'inherit'] })
		const gone = new Promise((resolve) => server.on('exit', resolve))
		process.on('exit', () => server.kill('SIGKILL'))
		for (;;) {
			if (await call('GET', '/_cerbos/health').then(() => true, () => false)) break
			if (server.exitCode !== null || now() - from > 60000) throw new Error('the server does not start')
			await new Promise((resolve) => setTimeout(resolve, 5))
		}
		return {
			loaded: now() - from,
			size: () => Number(/VmRSS:\s*(\d+)/.exec(readFileSync(`/proc/${server.pid}/status`, 'utf8'))[1]),
			stop: () => (server.kill(), gone),
		}
	}
	const policy = (rules) => ({ apiVersion: 'api.cerbos.dev/v1', resourcePolicy: { resource: 'doc', version: 'default', rules } })
	// as many rules as groups: a rule that knows their role is found by it
	const docsOf = new Map()
	for (const [group, doc] of grants) docsOf.set(group, [...(docsOf.get(group) ?? []), doc])
	const rules = [...docsOf].map(([group, docs]) => ({ actions: ['view'], effect: 'EFFECT_ALLOW', roles: [group], condition: { match: { expr: `R.id in ${JSON.stringify(docs)}` } } }))
	const groupsOf = new Map()
	for (const [user, group] of memberships) groupsOf.set(user, [...(groupsOf.get(user) ?? []), group])

	const empty = await start(policy(rules.slice(0, 1)))
	const before = empty.size()
	await empty.stop()
	const server = await start(policy(rules))
	const checks = async (user, docs) => {
		const answer = JSON.parse(await call('POST', '/api/check/resources', {
			principal: { id: user, roles: groupsOf.get(user) ?? ['none'] },
			resources: docs.map((doc) => ({ actions: ['view'], resource: { kind: 'doc', id: doc } })),
		}))
		return answer.results.map((result) => result.actions.view === 'EFFECT_ALLOW')
	}
	return { before, loaded: server.loaded, memory: server.size, stop: server.stop, ask: async (user, doc) => (await checks(user, [doc]))[0] }
}

const { before, loaded, ask, memory: size = memory, stop = () => {} } = await { casbin, cedar, cerbos }[process.argv[2]]()
for (const [user, doc] of questions.slice(0, 20)) await ask(user, doc)
const start = now()
let asked = 0
while (now() - start < 400) {
	for (const [user, doc, answer] of questions) {
		if ((await ask(user, doc)) !== (answer === 't')) throw new Error(`${process.argv[2]} answers ${user} on ${doc} otherwise than tj_can`)
		if (++asked % 10 === 0 && now() - start > 1500) break
	}
}
console.log(loaded.toFixed(1), (asked / ((now() - start) / 1000)).toFixed(0), (size() - before).toFixed(0))
await stop()
