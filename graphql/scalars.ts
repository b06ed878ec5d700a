import { GraphQLError, Kind, valueFromASTUntyped } from 'graphql'
import { builder } from './builder.ts'

/** RFC 3339 text in UTC. */
builder.scalarType('DateTime', {
  description: 'A moment, as RFC 3339 text in UTC.',
  serialize: (value) => value.toISOString(),
  parseValue: (value) => {
    const date = typeof value === 'string' ? new Date(value) : null
    if (!date || Number.isNaN(date.getTime())) throw new GraphQLError('A DateTime is text like 2026-03-01T09:30:00Z.')
    return date
  },
})

/** Bytes and counts: exact as JSON numbers up to 2^53, which is 8 PiB. */
builder.scalarType('BigInt', {
  description: 'A whole number, bytes or a count, as a JSON number.',
  serialize: (value) => Number(value),
  parseValue: (value) => {
    if (typeof value === 'number' && Number.isSafeInteger(value)) return BigInt(value)
    throw new GraphQLError('A BigInt is a whole number.')
  },
  parseLiteral: (node) => {
    if (node.kind === Kind.INT) return BigInt(node.value)
    throw new GraphQLError('A BigInt is a whole number.')
  },
})

const object = (value: unknown): Record<string, unknown> => {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>
  throw new GraphQLError('A JSON value is an object.')
}

builder.scalarType('JSON', {
  description: 'A JSON object; its fields are checked by whoever takes it.',
  serialize: (value) => value,
  parseValue: object,
  parseLiteral: (node, variables) => object(valueFromASTUntyped(node, variables)),
})
