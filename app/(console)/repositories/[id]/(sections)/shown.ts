import { useParams } from 'next/navigation'
import { type RepositoryDetail, useRepository } from '#app/_data/repositories.ts'

/** The repository that the page is about. Its layout shows a page only when there is one. */
export function useShownRepository(): RepositoryDetail | null {
  const { id } = useParams<{ id: string }>()
  return useRepository(id).data ?? null
}
