"""What is valued and by how much: goods, satiation, drives, mood."""
