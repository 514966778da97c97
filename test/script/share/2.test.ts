/** Golden scripts, share 2 of 6. */
import { playShare } from '../play.ts'

playShare(1, 6)
