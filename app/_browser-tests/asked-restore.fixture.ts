/**
 * `node asked-restore.fixture.ts <new file>` asks, in the name of a colleague, that the newest backup of `shop` is restored into a
 * protected environment, and prints the restore's id; without a file all of that is removed again.
 */
import { readConfig } from '#lib/config/config.ts'
import { openDatabase } from '#lib/database/database.ts'

const [file] = process.argv.slice(2)
const opened = await openDatabase(readConfig(), 'optional')
const { prisma } = opened
const vault = { environment: { name: 'vault' } }
if (file === undefined) {
  await prisma.restore.deleteMany({ where: { placeSource: vault } })
  await prisma.source.deleteMany({ where: vault })
  await prisma.environment.deleteMany({ where: vault.environment })
} else {
  const run = await prisma.backupRun.findFirstOrThrow({
    where: { state: 'SUCCEEDED', removedAt: null, source: { name: 'shop' } },
    orderBy: { queuedAt: 'desc' },
    include: { source: true },
  })
  const { kind, type, settings } = run.source
  const environment = await prisma.environment.create({ data: { name: 'vault', protected: true } })
  const source = await prisma.source.create({
    data: { environmentId: environment.id, name: 'shop of the vault', kind, type, settings: settings as object },
  })
  const { id } = await prisma.restore.create({
    data: {
      ...{ runId: run.id, purpose: 'PLACE', folder: '', requestedFolder: '', needsApproval: true },
      ...{ placeName: file, placeSourceId: source.id, requestedBy: 'colleague@example.org' },
    },
  })
  console.log(id)
}
await opened.close()
