"""Write a drawn network in a format of others, and say of each quantity how faithfully the format can hold it."""
