import { Column, Entity, PrimaryColumn } from 'typeorm';

/** A trained model: an immutable folder below MODEL_DIR, and this row about it. */
@Entity('model_versions')
export class ModelVersion {
  @PrimaryColumn('text') version: string;
  /** Name of the folder below MODEL_DIR. */
  @Column('text') folder: string;
  /** What `model.json` in the folder says of recipe, data, scores and calibration. */
  @Column('jsonb') metadata: object;
  @Column('timestamptz', { name: 'created_at' }) createdAt: Date;
}
