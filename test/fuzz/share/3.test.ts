/** Random cases, share 3 of 4. */
import { fuzzShare } from '../share.ts'

fuzzShare(2, 4)
