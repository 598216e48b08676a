-- The picture of a workspace, in both languages, with names that attack them.
\set SHOW_CONTEXT never
CREATE ROLE regress_graph_app;
GRANT SET ON PARAMETER tj_perm.user_id TO regress_graph_app;
SELECT tj_perm.create_workspace('gra', 'root', 'A "graph"') \g /dev/null
SELECT tj_perm.add_user('gra', u) FROM unnest(ARRAY['ann', 'bob"]; evil -> "x', E'back\\slash\\n\\G', '<b>&amp;</b>', E'new\nline}']) AS u \g /dev/null
SELECT tj_perm.invite_user('gra', '%%{init: {}}%% #quot; `x`') \g /dev/null
SELECT tj_perm.create_group('gra', 'R & D'), tj_perm.create_group('gra', 'end"| A --> B') \g /dev/null
SELECT tj_perm.add_to_group('gra', 'R & D', '{ann,"%%{init: {}}%% #quot; `x`"}'), tj_perm.nest_group('gra', 'R & D', 'end"| A --> B') \g /dev/null
SELECT tj_perm.grant_access('gra/app:1', 'editor', 'R & D'), tj_perm.grant_access('gra/app:1', 'viewer', 'R & D'), tj_perm.grant_access('gra/app:*', 'viewer', 'All Users'), tj_perm.grant_access('gra/"ty""pe":"*"', 'admin', to_user => 'ann', valid_from => now() + interval '1 day'), tj_perm.grant_access('gra', 'viewer', to_user => 'ann'), tj_perm.grant_access('gra', 'editor', 'Admins') \g /dev/null
SELECT tj_perm.access_graph('gra') \g (format=unaligned tuples_only=on)
SELECT tj_perm.access_graph('gra', 'mermaid') \g (format=unaligned tuples_only=on)
SELECT tj_perm.access_graph('gra') = tj_perm.access_graph('gra', format => 'dot') AS the_same;

-- many members, many targets: counted
SELECT tj_perm.create_workspace('grb', 'root') \g /dev/null
INSERT INTO tj_perm.members SELECT 'grb', 'user ' || n FROM generate_series(1, 100) AS n;
INSERT INTO tj_perm.grants (workspace_id, user_id, resource, level) SELECT 'grb', 'user ' || n, tj_resource('grb', pick, n), 'viewer' FROM generate_series(1, 100) AS n, unnest('{app,doc}'::text[]) AS pick;
SELECT tj_perm.grant_access('grb/app:*', 'editor', 'Admins'), tj_perm.grant_access('grb/app:3', 'editor', 'All Users') \g /dev/null
SELECT tj_perm.access_graph('grb') \g (format=unaligned tuples_only=on)

-- who may
SET ROLE regress_graph_app;
SELECT set_config('tj_perm.user_id', 'root', false) \g /dev/null
SELECT length(tj_perm.access_graph('gra')) > 0 AS root;
\set VERBOSITY terse
SELECT set_config('tj_perm.user_id', 'ann', false) \g /dev/null
SELECT tj_perm.access_graph('gra');
SELECT tj_perm.access_graph('nowhere');
RESET ROLE;
SELECT set_config('tj_perm.user_id', '', false) \g /dev/null
SELECT tj_perm.access_graph('nowhere');
SELECT tj_perm.access_graph(NULL);
SELECT tj_perm.access_graph('gra', NULL);
SELECT tj_perm.access_graph('gra', 'svg');
SELECT tj_perm.drop_workspace('gra'), tj_perm.drop_workspace('grb');
REVOKE SET ON PARAMETER tj_perm.user_id FROM regress_graph_app;
DROP ROLE regress_graph_app;
