import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { request } from '#app/_data/fetcher.ts'
import { keys } from '#app/_data/keys.ts'
import {
  RecentDaysDocument,
  type RecentDaysQuery,
  StatisticsDocument,
  type StatisticsQuery,
} from '#graphql/documents/generated/graphql.ts'

export type StatisticsAnswer = StatisticsQuery['statistics']

export type RecentDaysAnswer = RecentDaysQuery['recentDays']

const POLL_MS = 60_000

export function useStatistics(days: number) {
  return useQuery({
    queryKey: keys.statistics(days),
    queryFn: ({ signal }) => request(StatisticsDocument, { days }, signal),
    select: (data) => data.statistics,
    placeholderData: keepPreviousData,
    refetchInterval: POLL_MS,
  })
}

/** How the runs of each source ended, day by day. */
export function useRecentDays(days: number) {
  return useQuery({
    queryKey: [...keys.statistics(days), 'outcomes'],
    queryFn: ({ signal }) => request(RecentDaysDocument, { days }, signal),
    select: (data) => data.recentDays,
    refetchInterval: POLL_MS,
  })
}
