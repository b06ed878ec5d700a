import { fileURLToPath } from 'node:url'
import { defineConfig } from 'prisma/config'

// `prisma generate` needs no engine, but looks for one and would download it. A file that exists and cannot be run lets
// generate, validate and format work offline, and makes the migrate commands fail at once (see docs/decisions).
process.env.PRISMA_SCHEMA_ENGINE_BINARY ??= fileURLToPath(new URL('./package.json', import.meta.url))

export default defineConfig({ schema: 'prisma/schema.prisma' })
