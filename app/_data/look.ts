import { useMutation } from '@tanstack/react-query'
import { useEffect, useRef } from 'react'

/** A look at something before it is kept. `stop` gives up, on the server too; so does another look, or leaving the page. */
export function useLook<Input, Answer>(ask: (input: Input, signal: AbortSignal) => Promise<Answer>) {
  const running = useRef<AbortController | null>(null)
  const mutation = useMutation({
    mutationFn: (input: Input) => {
      running.current?.abort()
      running.current = new AbortController()
      return ask(input, running.current.signal)
    },
  })
  useEffect(() => () => running.current?.abort(), [])
  const stop = (): void => {
    running.current?.abort()
    mutation.reset()
  }
  return { ...mutation, stop }
}
