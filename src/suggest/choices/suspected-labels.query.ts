import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { z } from 'zod';
import { VersionsService } from '../versions/versions.service.js';

export const suspectedLabelsSchema = z
  .object({
    /** The version whose training found them; null without a model */
    modelVersion: z.string().nullable(),
    items: z.array(
      z.object({
        source: z.string(),
        ticketId: z.string(),
        subject: z.string(),
        preview: z.string(),
        label: z.string(),
        predicted: z.string(),
        /** Probability of `predicted`, and of the label, 0–1 */
        confidence: z.number(),
        labelProbability: z.number(),
      }),
    ),
  })
  .meta({ id: 'SuspectedLabels' });
type SuspectedLabels = z.infer<typeof suspectedLabelsSchema>;

const previewLength = 200;

/**
 * Suspected label errors: labels with which the champion's out-of-fold predictions confidently disagree, most confident first.
 * Labels that have been corrected or deleted since are left out.
 */
@Injectable()
export class SuspectedLabelsQuery {
  constructor(
    private readonly dataSource: DataSource,
    private readonly versions: VersionsService,
  ) {}

  async suspected(): Promise<SuspectedLabels> {
    const champion = (await this.versions.list()).find(({ aliases }) => aliases.includes('champion'));
    const report = champion && (await this.versions.report(champion.version));
    if (!report) return { modelVersion: null, items: [] };
    const suspects = report.confidentErrors.flatMap(({ idHash, ...suspect }) =>
      idHash ? [{ idHash, ...suspect }] : [],
    );
    const rows: {
      idHash: string;
      source: string;
      ticketId: string;
      subject: string;
      preview: string;
      label: string;
    }[] = await this.dataSource.query(
      `SELECT h.hash AS "idHash", t.source, t.ticket_id AS "ticketId", t.subject, left(t.body, ${previewLength}) AS preview,
                l.template_id AS label
           FROM labels l
           JOIN tickets t ON t.id = l.ticket,
                LATERAL (SELECT left(encode(sha256(convert_to(t.source || ':' || t.ticket_id, 'UTF8')), 'hex'), 16) AS hash) h
          WHERE h.hash = ANY ($1)`,
      [suspects.map(({ idHash }) => idHash)],
    );
    const items = suspects.flatMap(({ idHash, label, predicted, confidence, labelProbability }) => {
      const row = rows.find((candidate) => candidate.idHash === idHash && candidate.label === label);
      if (!row) return [];
      const { source, ticketId, subject, preview } = row;
      return [{ source, ticketId, subject, preview, label, predicted, confidence, labelProbability }];
    });
    return { modelVersion: report.version, items };
  }
}
