import { useQuery } from '@tanstack/react-query'
import { request } from '#app/_data/fetcher.ts'
import { keys } from '#app/_data/keys.ts'
import { ViewerDocument } from '#graphql/documents/generated/graphql.ts'

/** Who is signed in. Fails with code UNAUTHENTICATED when nobody is. */
export function useViewer() {
  return useQuery({
    queryKey: keys.viewer,
    queryFn: ({ signal }) => request(ViewerDocument, {}, signal),
    select: (data) => data.viewer,
    staleTime: 60_000,
  })
}

/** Whether the signed-in person may trigger and cancel. The server decides; this only spares a vain attempt. */
export function useMayTrigger(): boolean {
  const viewer = useViewer()
  return viewer.data !== undefined && viewer.data.role !== 'VIEWER'
}

/** Whether the signed-in person may change what is backed up, and where to. The server decides here, too. */
export function useMayChange(): boolean {
  return useViewer().data?.role === 'ADMIN'
}
