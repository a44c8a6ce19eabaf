"""What the measured times say: charts, sentences, and the record in the tracking store."""
