// test/bench/apps.mjs casbin|cedar
//
// Load memberships.tsv and grants.tsv into the checker, ask questions.tsv, and
// print: milliseconds to load, checks a second, kB of memory. Answers must be
// those of the file.
import { readFileSync } from 'node:fs'

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

const { before, loaded, ask } = await { casbin, cedar }[process.argv[2]]()
for (const [user, doc] of questions.slice(0, 20)) await ask(user, doc)
const start = now()
let asked = 0
while (now() - start < 400) {
	for (const [user, doc, answer] of questions) {
		if ((await ask(user, doc)) !== (answer === 't')) throw new Error(`${process.argv[2]} answers ${user} on ${doc} otherwise than tj_can`)
		if (++asked % 10 === 0 && now() - start > 1500) break
	}
}
console.log(loaded.toFixed(1), (asked / ((now() - start) / 1000)).toFixed(0), (memory() - before).toFixed(0))
