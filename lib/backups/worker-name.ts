import { hostname } from 'node:os'

/** Host and process: what rows call the worker that holds their claim. */
export const workerName = `${hostname()}:${process.pid}`
