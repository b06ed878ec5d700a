import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { triggerBackup } from '#lib/backups/trigger.ts'
import { SETTINGS } from '#lib/events/feed.ts'
import { createPlan } from '#lib/plans/change.ts'
import { readRules } from '#lib/retention/history.ts'
import { previewRetention } from '#lib/retention/preview.ts'
import { type Installation, openInstallation } from '#lib/testing/installation.ts'
import { readOptions, withOptions } from './options.ts'
import { setOption } from './set-option.ts'

let home: Installation

beforeAll(async () => {
  home = await openInstallation({ RETENTION_POLICY: '60', COMPRESSION_LEVEL: '3' })
})
afterAll(() => home?.close())

const set = (name: string, value: string | null, confirmEnvironment?: string[]) =>
  setOption(home.runtime, home.admin, { name, value, confirmEnvironment })
const stateOf = async (name: string) =>
  (await readOptions(home.runtime.prisma, home.runtime.config)).find((option) => option.name === name)

describe('an option', () => {
  it('is what the settings page says, else the environment variable, else the default; and says who said so', async () => {
    expect(await stateOf('compression_level')).toMatchObject({ value: '3', origin: 'ENVIRONMENT', otherwise: '3' })
    expect(await stateOf('log_verbosity')).toMatchObject({ value: 'INFO', origin: 'DEFAULT' })
    expect(await set('compression_level', ' 8 ')).toMatchObject({
      ...{ value: '8', origin: 'SETTINGS', otherwise: '3', changedAt: expect.any(Date) },
    })
    expect((await withOptions(home.runtime.prisma, home.runtime.config)).COMPRESSION_LEVEL).toBe(8)
    expect(await set('compression_level', null)).toMatchObject({ value: '3', origin: 'ENVIRONMENT', changedAt: null })
  })

  it('holds for what starts from then on: plans, triggers, retention', async () => {
    const { runtime, admin } = home
    await home.addFiles('options', { 'a.txt': 'a' })
    await set('backup_schedule', '15 4 * * 1')
    await set('trigger_type', 'scheduled')
    await set('data_selection', 'files')
    await set('retention_policy', '90')
    await set('compression_level', '9')
    const plan = await createPlan(runtime, admin, { name: 'by the options' })
    expect(plan).toMatchObject({
      schedule: '15 4 * * 1',
      selection: { types: ['STORAGE'] },
      retention: { days: 90 },
    })
    expect(await triggerBackup(runtime, admin, 'API', { type: 'STORAGE' })).toMatchObject({ compressionLevel: 9 })
    const rules = await readRules(runtime.prisma, runtime)
    expect([...rules.values()].map(({ days }) => days)).toEqual([90, 90])
    expect(await previewRetention(runtime, new Date(), plan.id)).toEqual([])
  })

  it.each([
    ['compression_level', '10'],
    ['retention_policy', ''],
    ['retention_policy', '1.5'],
    ['backup_schedule', 'fortnightly'],
    ['notification_enabled', 'perhaps'],
    ['log_verbosity', 'TRACE'],
    ['no_such_option', '1'],
    ['data_selection', 'all\0'],
  ])('%s is not set to “%s”: the same is refused as of its environment variable', async (name, value) => {
    const before = await readOptions(home.runtime.prisma, home.runtime.config)
    await expect(set(name, value)).rejects.toMatchObject({ code: 'INPUT_INVALID' })
    expect(await readOptions(home.runtime.prisma, home.runtime.config)).toEqual(before)
  })

  it('that keeps backups for fewer days needs the names of protected environments, taken back or not', async () => {
    await home.runtime.prisma.environment.create({ data: { name: 'guarded', protected: true } })
    await expect(set('retention_policy', '89')).rejects.toMatchObject({ code: 'ENVIRONMENT_NOT_CONFIRMED' })
    await expect(set('retention_policy', null)).rejects.toMatchObject({ code: 'ENVIRONMENT_NOT_CONFIRMED' })
    expect(await stateOf('retention_policy')).toMatchObject({ value: '90' })
    expect(await set('retention_policy', '91')).toMatchObject({ value: '91' })
    expect(await set('retention_policy', null, ['guarded'])).toMatchObject({ value: '60', origin: 'ENVIRONMENT' })
  })

  it('is changed by administrators alone, and the change is told and recorded', async () => {
    const { runtime, admin } = home
    const asked = { name: 'notification_enabled', value: 'false' }
    await expect(setOption(runtime, { ...admin, role: 'OPERATOR' }, asked)).rejects.toMatchObject({ code: 'FORBIDDEN' })
    const told = new Promise<void>((resolve) => void runtime.feed.watch(SETTINGS, resolve))
    await setOption(runtime, admin, asked)
    await told
    const [entry] = await runtime.prisma.auditEvent.findMany({
      where: { action: 'settings.change' },
      orderBy: { id: 'desc' },
      take: 1,
    })
    expect(entry).toMatchObject({
      targetId: 'option.notification_enabled',
      details: { from: 'true', to: 'false', origin: 'SETTINGS' },
    })
  })
})
