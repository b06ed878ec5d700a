import { type Actor, requireScope } from '#lib/auth/actor.ts'
import { builder } from './builder.ts'
import { role } from './enums.ts'

const viewer = builder.objectRef<Actor>('Viewer').implement({
  description: 'Who is asking.',
  fields: (t) => ({
    id: t.exposeID('userId'),
    email: t.exposeString('email'),
    role: t.expose('role', { type: role }),
  }),
})

builder.queryField('viewer', (t) =>
  t.field({
    type: viewer,
    resolve: (_root, _args, { actor }) => {
      requireScope(actor, 'backup:read', 'read who is signed in')
      return actor
    },
  }),
)
