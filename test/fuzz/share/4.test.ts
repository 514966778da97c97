/** Random cases, share 4 of 4. */
import { fuzzShare } from '../share.ts'

fuzzShare(3, 4)
