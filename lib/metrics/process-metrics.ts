import { collectDefaultMetrics, Histogram, Registry } from 'prom-client'

/** What one process measures of itself. */
export interface ProcessMetrics {
  registry: Registry
  /** Seconds until a request was answered, by method, status and the first two parts of its path. */
  http: Histogram<'method' | 'path' | 'status'>
  /** Seconds until a GraphQL operation was answered, by its kind and whether it had errors. */
  graphql: Histogram<'operation' | 'result'>
}

const LATENCY_BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]

/** Begins to measure this process: Node’s own metrics, event-loop lag among them, and the latencies of its doors. */
export function openProcessMetrics(): ProcessMetrics {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry })
  const latency = { registers: [registry], buckets: LATENCY_BUCKETS }
  return {
    registry,
    http: new Histogram({
      ...latency,
      name: 'backup_trigger_http_request_seconds',
      help: 'Seconds until a request was answered.',
      labelNames: ['method', 'path', 'status'],
    }),
    graphql: new Histogram({
      ...latency,
      name: 'backup_trigger_graphql_operation_seconds',
      help: 'Seconds until a GraphQL operation was answered.',
      labelNames: ['operation', 'result'],
    }),
  }
}

const API = /^\/api\/[a-z-]{1,30}(?=\/|$)/

/** What stands for a path in a label: few, whatever is asked for. */
export function pathLabel(url: string): string {
  const [path = ''] = url.split('?', 1)
  if (path.startsWith('/_next/')) return '/_next'
  const [api] = API.exec(path) ?? []
  return api ?? 'console'
}
