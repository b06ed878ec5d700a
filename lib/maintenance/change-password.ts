import { randomBytes } from 'node:crypto'
import { z } from 'zod'
import { record } from '#lib/audit/record.ts'
import { type Actor, requireScope } from '#lib/auth/actor.ts'
import { CodedError } from '#lib/errors/coded-error.ts'
import { parseInput } from '#lib/errors/parse-input.ts'
import { passwordOf, sealPassword } from '#lib/repositories/access.ts'
import { newPassword } from '#lib/repositories/create.ts'
import { findRepository } from '#lib/repositories/find.ts'
import { Secret } from '#lib/secrets/secret.ts'
import type { RepositoryTask } from '#prisma/client/client.ts'
import type { MaintenanceDeps } from './performer.ts'
import { queueOrRefuse } from './queue-task.ts'

const changeInput = z.strictObject({ id: z.string(), password: newPassword.nullish() })

/**
 * Asks for the change of a repository's password, as soon as it is its turn: to the one that is given, else to a random one,
 * which the recovery kit shows afterwards. A change that did not come to its end is taken up where it stopped, with its
 * password unless another is given. Throws FORBIDDEN, INPUT_INVALID, REPOSITORY_UNKNOWN, TASK_ALREADY_ACTIVE.
 */
export async function changePassword(
  deps: Pick<MaintenanceDeps, 'prisma' | 'queue' | 'secretKey'>,
  actor: Actor | null,
  raw: unknown,
): Promise<RepositoryTask> {
  requireScope(actor, 'settings:write', 'change the password of a repository')
  const input = parseInput(changeInput, raw)
  const { id } = await findRepository(deps, input.id)
  return deps.prisma.$transaction(async (tx) => {
    await tx.$executeRaw`select 1 from repositories where id = ${id}::uuid for update`
    const repository = await findRepository({ prisma: tx }, id)
    const task = await queueOrRefuse(tx, deps, repository, { kind: 'PASSWORD', requestedBy: actor.email })
    const given = input.password ?? null
    if (given?.reveal() === passwordOf(deps.secretKey, repository).reveal())
      throw new CodedError('INPUT_INVALID', { issues: [{ path: 'password', problem: 'is the present one' }] })
    if (given !== null || repository.sealedNextPassword === null) {
      const next = given ?? new Secret(randomBytes(32).toString('base64url'))
      await tx.repository.update({
        where: { id },
        data: { sealedNextPassword: sealPassword(deps.secretKey, id, next) },
      })
    }
    const details = { taskId: task.id, isGiven: given !== null }
    await record(tx, { actor, action: 'repository.password', target: { type: 'repository', id }, details })
    return task
  })
}
