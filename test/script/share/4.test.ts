/** Golden scripts, share 4 of 6. */
import { playShare } from '../play.ts'

playShare(3, 6)
