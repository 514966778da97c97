/** Golden scripts, share 1 of 6. */
import { playShare } from '../play.ts'

playShare(0, 6)
