import { Column, Entity, PrimaryColumn } from 'typeorm';

/** A ticket's embedding, kept so that neither monitoring nor training computes it again. */
@Entity('ticket_embeddings')
export class TicketEmbedding {
  @PrimaryColumn('bigint', { name: 'ticket' }) ticket: number;
  /** SHA-256 of the encoder's weights. */
  @Column('text', { name: 'encoder_hash' }) encoderHash: string;
  /** One signed byte a number, in the encoder's order: number ≈ byte × scale. */
  @Column('bytea') embedding: Buffer;
  @Column('real') scale: number;
}
