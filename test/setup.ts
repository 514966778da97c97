/** Setup: random properties begin where the commit says, as all random tests do: what passes once passes again. */
import fc from 'fast-check'
import { commitSeed } from './seed.ts'

fc.configureGlobal({ seed: commitSeed('properties') })
