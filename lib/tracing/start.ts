import { context, trace } from '@opentelemetry/api'
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks'
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http'
import { resourceFromAttributes } from '@opentelemetry/resources'
import { BatchSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace'
import type { Config } from '#lib/config/config.ts'

export interface Tracing {
  /** Sends what is waiting. */
  stop(): Promise<void>
}

const STOP_TIMEOUT_MS = 3000

/**
 * Sends spans to the collector of OTEL_EXPORTER_OTLP_ENDPOINT, by OTLP over HTTP
 * (https://opentelemetry.io/docs/specs/otel/protocol/exporter/); null where none is named. Next.js adds spans of its requests by itself
 * once a provider is there.
 */
export function startTracing(
  config: Pick<Config, 'OTEL_EXPORTER_OTLP_ENDPOINT' | 'OTEL_EXPORTER_OTLP_HEADERS' | 'ROLE'>,
): Tracing | null {
  const endpoint = config.OTEL_EXPORTER_OTLP_ENDPOINT
  if (endpoint === undefined) return null
  const exporter = new OTLPTraceExporter({
    url: `${endpoint.replace(/\/+$/, '')}/v1/traces`,
    headers:
      config.OTEL_EXPORTER_OTLP_HEADERS === undefined ? {} : headersOf(config.OTEL_EXPORTER_OTLP_HEADERS.reveal()),
  })
  const provider = new TracerProvider({
    resource: resourceFromAttributes({
      'service.name': 'system-backup-trigger',
      'service.instance.role': config.ROLE,
    }),
    spanProcessors: [new BatchSpanProcessor({ exporter })],
  })
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable())
  trace.setGlobalTracerProvider(provider)
  return {
    stop: async () => {
      const late = new Promise<void>((resolve) => setTimeout(resolve, STOP_TIMEOUT_MS).unref())
      await Promise.race([provider.shutdown().catch(() => {}), late])
    },
  }
}

/** `name=value,other=value`, percent-encoded, as the specification has it. */
function headersOf(text: string): Record<string, string> {
  const pairs = text.split(',').map((pair) => pair.split('='))
  return Object.fromEntries(
    pairs
      .filter(([name]) => name?.trim())
      .map(([name = '', ...value]) => [name.trim(), decodeURIComponent(value.join('=').trim())]),
  )
}
