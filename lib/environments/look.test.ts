import { stat } from 'node:fs/promises'
import { expect, it } from 'vitest'
import { Secret } from '#lib/secrets/secret.ts'
import { look, seesEnvironment } from './look.ts'

const config = {
  ROLE: 'all' as const,
  WORKER_ENVIRONMENTS: [],
  STORAGE_ROOTS: [],
  COMMANDS_FILE: undefined,
  projectRoot: '/',
  ownDatabase: new Secret('postgresql://nobody@127.0.0.1:1/none'),
}
const refusal = (code: string) => expect.objectContaining({ code })

it('gives a scratch folder of its own, which is gone afterwards, also after a refusal', async () => {
  const folders: string[] = []
  const note = async ({ scratch }: { scratch: string }) => {
    expect(((await stat(scratch)).mode & 0o777).toString(8)).toBe('700')
    folders.push(scratch)
  }
  expect(await look(config, undefined, note)).toBeUndefined()
  await expect(
    look(config, undefined, async (ctx) => {
      await note(ctx)
      throw new RangeError('no')
    }),
  ).rejects.toThrow(RangeError)
  expect(new Set(folders).size).toBe(2)
  for (const folder of folders) await expect(stat(folder)).rejects.toThrow('ENOENT')
})

it('ends at the deadline although the work does not, and tells the work to stop', async () => {
  let told: AbortSignal | undefined
  const deaf = look(config, undefined, ({ signal }) => new Promise<never>(() => (told = signal)), 20)
  await expect(deaf).rejects.toThrow(refusal('SOURCE_TOO_SLOW'))
  expect(told?.aborted).toBe(true)
})

it('ends when nobody waits for the answer, whatever the work makes of it', async () => {
  const request = new AbortController()
  const work = look(config, request.signal, ({ signal }) => {
    const broken = new Promise<never>((_, reject) =>
      signal.addEventListener('abort', () => reject(new Error('the connection was cut'))),
    )
    request.abort()
    return broken
  })
  await expect(work).rejects.toThrow(refusal('REQUEST_ABANDONED'))
  await expect(look(config, request.signal, async () => 1)).rejects.toThrow(refusal('REQUEST_ABANDONED'))
})

it.each([
  ['all', [], true],
  ['worker', [], true],
  ['web', [], false],
  ['all', ['staging'], false],
  ['all', ['staging', 'production'], true],
  ['web', ['production'], false],
] as const)('with ROLE %s and the worker’s environments %j sees production: %s', (ROLE, names, sees) => {
  expect(seesEnvironment({ ROLE, WORKER_ENVIRONMENTS: [...names] }, 'production')).toBe(sees)
})
