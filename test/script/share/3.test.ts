/** Golden scripts, share 3 of 6. */
import { playShare } from '../play.ts'

playShare(2, 6)
