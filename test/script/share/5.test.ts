/** Golden scripts, share 5 of 6. */
import { playShare } from '../play.ts'

playShare(4, 6)
