'use client'

import { QueryCache, QueryClient, QueryClientProvider } from '@tanstack/react-query'
import { type ReactNode, useState } from 'react'
import { ApiError } from '#app/_data/fetcher.ts'
import { keys } from '#app/_data/keys.ts'

function makeClient(): QueryClient {
  const client = new QueryClient({
    queryCache: new QueryCache({
      // The session ended somewhere: ask again who is signed in, and the shell leads to the sign-in page.
      onError: (error, query) => {
        if (!(error instanceof ApiError) || error.code !== 'UNAUTHENTICATED') return
        if (query.queryKey[0] !== keys.viewer[0]) void client.invalidateQueries({ queryKey: keys.viewer })
      },
    }),
    defaultOptions: {
      queries: {
        staleTime: 5_000,
        retry: (failures, error) =>
          failures < 2 && (!(error instanceof ApiError) || error.code === 'SERVER_UNREACHABLE'),
      },
    },
  })
  return client
}

export function DataProvider({ children }: { children: ReactNode }) {
  const [client] = useState(makeClient)
  return <QueryClientProvider client={client}>{children}</QueryClientProvider>
}
