/** Writes backups of the past into the history: `node past-backups.fixture.ts <how many>`. A history of pages takes days. */
import { readConfig } from '#lib/config/config.ts'
import { openDatabase } from '#lib/database/database.ts'

const MINUTE_MS = 60_000
const [amount = '0'] = process.argv.slice(2)
const opened = await openDatabase(readConfig(), 'optional')
const start = Date.UTC(2025, 5, 2, 9)
await opened.prisma.backup.createMany({
  data: Array.from({ length: Number(amount) }, (_, index) => {
    const number = index + 1
    const createdAt = new Date(start + number * 60 * MINUTE_MS)
    return {
      type: number % 3 === 0 ? ('STORAGE' as const) : ('DATABASE' as const),
      state: number % 5 === 0 ? ('FAILED' as const) : ('SUCCEEDED' as const),
      origin: 'API' as const,
      description: `Nightly ${number}`,
      environments: ['demo'],
      compressionLevel: 5,
      createdAt,
      startedAt: createdAt,
      finishedAt: new Date(createdAt.getTime() + MINUTE_MS),
    }
  }),
})
await opened.close()
