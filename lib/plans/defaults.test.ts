import { expect, it } from 'vitest'
import { planDefaults } from './defaults.ts'

const config = {
  BACKUP_SCHEDULE: '15 4 * * *',
  TRIGGER_TYPE: 'scheduled' as const,
  DATA_SELECTION: 'user_data' as const,
  RETENTION_POLICY: 90,
}

it('a new plan has what the installation’s options say', () => {
  expect(planDefaults(config)).toMatchObject({
    schedule: '15 4 * * *',
    selection: { types: ['USER_DATA'] },
    retention: { days: 90, last: 0 },
  })
  expect(planDefaults({ ...config, TRIGGER_TYPE: 'manual', DATA_SELECTION: 'all' })).toMatchObject({
    schedule: null,
    selection: { types: [] },
  })
})
