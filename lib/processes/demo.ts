import { join } from 'node:path'
import type { Config } from '#lib/config/config.ts'
import { addSource } from '#lib/environments/sources.ts'
import type { Runtime } from '#lib/runtime/runtime.ts'

/** Where scripts/demo-data.ts puts its sample data. */
export const demoDir = (config: Pick<Config, 'DATA_DIR'>): string => join(config.DATA_DIR, 'demo')

/** Makes the demo environment with its three sources, once. */
export async function ensureDemo({ prisma, config, secretKey }: Runtime): Promise<void> {
  const folder = demoDir(config)
  const shop = join(folder, 'shop.sqlite')
  await prisma.$transaction(async (tx) => {
    await tx.$executeRaw`select pg_advisory_xact_lock(hashtextextended('demo environment', 0))`
    if (await tx.environment.findUnique({ where: { name: 'demo' } })) return
    const { id } = await tx.environment.create({ data: { name: 'demo', colour: 'teal' } })
    await addSource(tx, secretKey, { environmentId: id, name: 'shop', kind: 'sqlite', settings: { path: shop } })
    await addSource(tx, secretKey, {
      environmentId: id,
      name: 'shop customers',
      kind: 'user-data',
      settings: {
        connection: { kind: 'sqlite', path: shop },
        exports: [
          { name: 'customers', table: 'customers' },
          { name: 'orders', table: 'orders' },
        ],
      },
    })
    await addSource(tx, secretKey, {
      environmentId: id,
      name: 'uploads',
      kind: 'files',
      settings: { paths: [join(folder, 'uploads')], exclude: [] },
    })
  })
}
