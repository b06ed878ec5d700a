/** npm start, npm run dev: gets ready what is missing, then runs the server until it ends. */
import { prepare } from './install.mjs'
import { serve } from './serve.mjs'
import { explain } from './terminal.mjs'

const args = process.argv.slice(2)

try {
  const dev = args.includes('--dev')
  const node = await prepare({ build: !dev })
  const server = serve(node, { args, env: { NODE_ENV: dev ? 'development' : 'production' } })
  server.passSignals()
  server.followParent()
  process.exitCode = await server.exit
} catch (error) {
  process.exitCode = explain(error)
}
process.exit()
