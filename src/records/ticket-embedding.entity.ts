import { Column, Entity, PrimaryColumn } from 'typeorm';

/** A ticket's embedding, kept so that neither monitoring nor training computes it again. */
@Entity('ticket_embeddings')
export class TicketEmbedding {
  @PrimaryColumn('bigint', { name: 'ticket' }) ticket: number;
  /** SHA-256 of the encoder's weights. */
  @Column('text', { name: 'encoder_hash' }) encoderHash: string;
  /** SHA-256 of the text that was embedded. */
  @Column('text', { name: 'text_hash' }) textHash: string;
  /** One signed byte a number after division by `scale`, little-endian order of the encoder's numbers. */
  @Column('bytea') embedding: Buffer;
  @Column('real') scale: number;
}
