import { type Attributes, type Span, SpanStatusCode, trace } from '@opentelemetry/api'

const tracer = () => trace.getTracer('system-backup-trigger')

/**
 * Does `work` in a span of its own, which says when it began and ended and whether it failed; what it starts is below it. Attributes are
 * ids, kinds and figures, never a secret nor text that may hold one. Costs nothing where no tracing was started.
 */
export async function traced<T>(name: string, attributes: Attributes, work: () => Promise<T>): Promise<T> {
  return tracer().startActiveSpan(name, { attributes }, async (span) => {
    try {
      return await work()
    } catch (thrown) {
      const { code } = thrown as { code?: unknown }
      if (typeof code === 'string') span.setAttribute('error.type', code)
      span.setStatus({ code: SpanStatusCode.ERROR })
      throw thrown
    } finally {
      span.end()
    }
  })
}

/** How the work of the span that is active ended, where it does not throw. */
export function noteEnd(state: string, error: { code: string } | null | undefined): void {
  const span = trace.getActiveSpan()
  span?.setAttribute('backup_trigger.state', state)
  if (!error) return
  span?.setAttribute('error.type', error.code)
  span?.setStatus({ code: SpanStatusCode.ERROR })
}

/** A span that its caller ends. */
export const startSpan = (name: string): Span => tracer().startSpan(name)
