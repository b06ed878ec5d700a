import { CodedError } from '#lib/errors/coded-error.ts'
import { Prisma } from '#prisma/client/client.ts'

/** Runs `make`; a name that is taken becomes NAME_TAKEN. */
export async function withUniqueName<T>(what: string, name: string, make: () => Promise<T>): Promise<T> {
  try {
    return await make()
  } catch (error) {
    if (error instanceof Prisma.PrismaClientKnownRequestError && error.code === 'P2002')
      throw new CodedError('NAME_TAKEN', { what, name }, { cause: error })
    throw error
  }
}
