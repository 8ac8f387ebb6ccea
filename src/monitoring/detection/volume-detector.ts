/**
 * Compares the tickets of a day with the same weekday of the weeks before. Student's distribution predicts the logarithm of the next
 * one (exactly, if they are normal with one variance), so a betting function of its tail is an e-value. Copies in bursts count in full.
 */
import { studentTail } from '../../statistics/special-functions.js';

const dayMs = 86_400_000;
const weeks = 8;
/** Days of the same weekday before the first test */
const minWeeks = 3;
/** Exponent of the betting function of a p-value: power · p^(power − 1) (Vovk & Wang, Annals of Statistics 2021) */
const power = 0.2;

export interface VolumeState {
  /** Days since 1970; −1 before the first ticket */
  day: number;
  tickets: number;
  /** Of the days before, oldest first */
  past: number[];
  evidence: number;
}

export interface DayVolume {
  day: number;
  tickets: number;
  /** Usual number of tickets on the weekday */
  usual: number;
  pValue: number;
  evidence: number;
}

export class VolumeDetector {
  private state: VolumeState = { day: -1, tickets: 0, past: [], evidence: 0 };

  /** @param at ms since 1970, in canonical order @returns results of the days that ended before this ticket */
  add(at: number): DayVolume[] {
    const day = Math.floor(at / dayMs);
    const results: DayVolume[] = [];
    if (this.state.day < 0) this.state.day = day;
    // Further days of a long silence would add the same.
    const firstDay = Math.max(this.state.day, day - 7 * weeks);
    for (let ended = firstDay; ended < day; ended += 1) {
      const result = this.endDay(ended);
      if (result) results.push(result);
      this.state = { ...this.state, day: ended + 1, tickets: 0 };
    }
    this.state.tickets += 1;
    return results;
  }

  restart(): void {
    this.state.evidence = 0;
  }

  toJSON(): VolumeState {
    return { ...this.state, past: [...this.state.past] };
  }

  resume(state: VolumeState): void {
    this.state = { ...state, past: [...state.past] };
  }

  private endDay(day: number): DayVolume | null {
    const { past, tickets } = this.state;
    const logs = past.map((count) => Math.log(count + 0.5));
    const sameWeekday = (at: number): number[] => logs.filter((_, other) => other % 7 === at % 7);
    const own = sameWeekday(logs.length);
    this.state.past = [...past, tickets].slice(-7 * weeks);
    if (own.length < minWeeks) return null;
    const mean = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0) / values.length;
    const squares = logs.reduce((sum, value, at) => sum + (value - mean(sameWeekday(at))) ** 2, 0);
    const degrees = logs.length - 7;
    // Counts are Poisson-distributed even where a weekday had the same number each week.
    const usual = Math.exp(mean(own)) - 0.5;
    const variance = Math.max(squares / degrees, 1 / (usual + 1));
    const t = (Math.log(tickets + 0.5) - mean(own)) / Math.sqrt(variance * (1 + 1 / own.length));
    const pValue = Math.min(1, Math.max(1e-12, 2 * studentTail(degrees, Math.abs(t))));
    this.state.evidence = (this.state.evidence + 1) * (0.5 + 0.5 * power * pValue ** (power - 1));
    return { day, tickets, usual, pValue, evidence: this.state.evidence };
  }
}
