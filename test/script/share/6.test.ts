/** Golden scripts, share 6 of 6. */
import { playShare } from '../play.ts'

playShare(5, 6)
